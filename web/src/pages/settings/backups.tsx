// Backups: where they lie, whether the last is good and was tried, and having one made.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad, usePoll } from "../../api/hooks";
import type { Backups as Answer, Generation, JobRow } from "../../api/types";
import { formatBytes, formatNumber } from "../../format";
import { Page } from "../../frame/frame";
import { session } from "../../frame/session";
import { Button, CopyButton, Moment, Note, Problem, Sheet, Skeleton, Tag } from "../../parts/basic";
import { toast } from "../../parts/toast";
import { cleanLine, cleanText } from "../../safe";
import { useStore } from "../../store";
import { t, richOf, textsOf } from "../../strings";
import { backups as texts } from "../../strings/en/backups";
import { SettingsTabs } from "./page";

const b = textsOf(texts);
const rich = richOf(texts);
const LOOK_MS = 1500;

const busy = (job: JobRow) => job.running || job.waiting;
/** As the shell wants it, whatever is in it. */
const quoted = (path: string) => (/^[\w/.@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);
const every = (s: number) => (s % 86_400 === 0 ? b("backups.every.days", { n: s / 86_400 }) : b("backups.every.hours", { n: s / 3600 }));

export function Backups() {
  const may = useStore(session)?.user.role === "admin";
  const load = useLoad(may ? "backups" : null, () => api.backups());
  const now = load.data;
  const at = now !== undefined && (busy(now.backup) || busy(now.restore_test));
  usePoll(() => load.reload(), LOOK_MS, !at);
  return (
    <Page above={<SettingsTabs here="backups" />} title={t("settings.backups")} lead={b("backups.lead")}>
      {!may && <Note>{b("backups.admin")}</Note>}
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {may && !now && !load.error && <Skeleton rows={8} height={320} />}
      {now && (
        <div class="stack roomy">
          <Standing now={now} />
          {now.directory !== null && <How now={now} onAsked={load.reload} />}
          {now.directory !== null && <List now={now} directory={now.directory} />}
          <Setup now={now} />
        </div>
      )}
    </Page>
  );
}

/** What somebody has to know first. */
function Standing({ now }: { now: Answer }) {
  const newest = now.generations.find((each) => !each.damaged);
  const why = (job: JobRow) => job.why !== null && <p>{b("backups.why", { why: cleanLine(job.why) })}</p>;
  return (
    <>
      {now.state === "off" && (
        <Note tone="warn">
          <p>
            <b>{b("backups.state.off")}</b> {b("backups.state.off.more")}
          </p>
        </Note>
      )}
      {now.state === "unreadable" && (
        <Note tone="bad">
          <b>{b("backups.state.unreadable")}</b> <p>{b("backups.why", { why: cleanLine(now.problem ?? "") })}</p>
        </Note>
      )}
      {now.state === "late" && newest?.moment && (
        <Note tone="bad">
          <p>
            <b>{b("backups.state.late")}</b> {rich("backups.state.late.more", { at: <Moment at={newest.moment} />, every: every(now.backup.every_s) })}
          </p>
          {why(now.backup)}
        </Note>
      )}
      {now.state === "failing" && (
        <Note tone="bad">
          <b>{b("backups.state.failing")}</b>
          {why(now.backup)}
        </Note>
      )}
      {now.state === "none" && (
        <Note tone="warn">
          <p>
            <b>{b("backups.state.none")}</b> {now.backup.next && rich("backups.state.none.more", { next: <Moment at={now.backup.next} /> })}
          </p>
        </Note>
      )}
      {now.state === "good" && newest?.moment && (
        <Note tone="good" icon="check">
          <p>
            <b>{rich("backups.state.good", { at: <Moment at={newest.moment} /> })}</b>
          </p>
        </Note>
      )}
      {(now.restore_test_state === "failing" || now.restore_test_state === "late") && (
        <Note tone="bad">
          <b>{b(now.restore_test_state === "late" ? "backups.test.late" : "backups.test.failing")}</b>
          {why(now.restore_test)}
        </Note>
      )}
    </>
  );
}

function How({ now, onAsked }: { now: Answer; onAsked: () => void }) {
  const [error, setError] = useState<ApiError>();
  const ask = async (name: "backups" | "restore-test", said: "backups.asked.backup" | "backups.asked.test") => {
    setError(undefined);
    try {
      await api.runJob(name);
      toast(b(said));
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
    onAsked();
  };
  const { backup, restore_test: test, settings } = now;
  return (
    <Sheet title={b("backups.now")}>
      <div class="stack">
        <dl class="facts">
          <Fact name={b("backups.where")}>
            <code class="wrap" dir="auto">
              {cleanLine(now.directory ?? "")}
            </code>
          </Fact>
          <Fact name={b("backups.every")}>
            {every(backup.every_s)}, {b("backups.keep.n", { n: settings.backup_keep })}
          </Fact>
          <Fact name={b("backups.last")}>
            <Run job={backup} during={b("backups.running.backup")} />
          </Fact>
          <Fact name={b("backups.next")}>{backup.next ? <Moment at={backup.next} /> : "–"}</Fact>
          <Fact name={b("backups.last.test")}>
            <Run job={test} during={b("backups.running.test")} />
          </Fact>
          <Fact name={b("backups.next.test")}>{test.next ? <Moment at={test.next} /> : b("backups.not.tested")}</Fact>
        </dl>
        {error && <Problem error={error} />}
        <p class="row wrap">
          <Button look="primary" disabled={busy(backup)} onClick={() => void ask("backups", "backups.asked.backup")}>
            {b("backups.do.backup")}
          </Button>
          <Button look="soft" disabled={busy(test)} onClick={() => void ask("restore-test", "backups.asked.test")}>
            {b("backups.do.test")}
          </Button>
        </p>
      </div>
    </Sheet>
  );
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

function Run({ job, during }: { job: JobRow; during: string }) {
  return (
    <>
      {job.last_good ? <Moment at={job.last_good} /> : b("backups.never")}
      {busy(job) && (
        <>
          {" "}
          <Tag tone="pen">{job.running ? during : b("backups.waiting")}</Tag>
        </>
      )}
      {!busy(job) && job.ok === false && (
        <>
          {" "}
          <Tag tone="bad">{b("backups.failed.at")}</Tag>
        </>
      )}
      {job.note && job.last_good && <small class="dim block">{cleanLine(job.note)}</small>}
    </>
  );
}

function List({ now, directory }: { now: Answer; directory: string }) {
  const restore = (each: Generation) => `firsthand restore ${quoted(directory)} --at ${each.generation} --data restored`;
  return (
    <Sheet title={b("backups.list")} flush>
      {now.generations.length === 0 && <p class="sheet-body dim">{b("backups.list.none")}</p>}
      {now.generations.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-label={b("backups.list")}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{b("backups.moment")}</th>
                {(["backups.events", "backups.customers", "backups.size", "backups.copied"] as const).map((name) => (
                  <th scope="col" class="num" key={name}>
                    {b(name)}
                  </th>
                ))}
                <th scope="col" class="num">
                  {b("backups.generation")}
                </th>
                <th scope="col">{b("backups.restore")}</th>
              </tr>
            </thead>
            <tbody>
              {now.generations.map((each) => (
                <Row key={each.generation} each={each} restore={restore(each)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {now.generations.length > 0 && (
        <p class="sheet-body small dim">
          {now.total > now.generations.length && `${b("backups.list.first", { n: now.generations.length, total: now.total })} `}
          {b("backups.restore.note")}
        </p>
      )}
    </Sheet>
  );
}

function Row({ each, restore }: { each: Generation; restore: string }) {
  if (each.damaged) {
    return (
      <tr>
        <td colSpan={5} class="bad">
          {b("backups.damaged", { why: cleanLine(each.damaged) })}
        </td>
        <td class="num">{formatNumber(each.generation)}</td>
        <td />
      </tr>
    );
  }
  return (
    <tr>
      <th scope="row" class="nowrap">
        {each.moment && <Moment at={each.moment} />}
      </th>
      <td class="num">{formatNumber(each.events ?? 0)}</td>
      <td class="num">{formatNumber(each.customers ?? 0)}</td>
      <td class="num nowrap">{formatBytes(each.bytes ?? 0)}</td>
      <td class="num nowrap">{formatBytes(each.copied_bytes ?? 0)}</td>
      <td class="num">{formatNumber(each.generation)}</td>
      <td>
        <CopyButton text={restore} label={b("backups.restore.copy")} />
      </td>
    </tr>
  );
}

function Setup({ now }: { now: Answer }) {
  const { settings } = now;
  const lines = [
    `# ${now.data}/firsthand.conf`,
    `backup_directory = ${now.directory ?? "/mnt/backup/firsthand"}`,
    ...(["backup_every_hours", "backup_keep", "restore_test_every_days", "restore_test_mb"] as const).map((name) => `${name} = ${settings[name]}`),
  ].join("\n");
  const command = `firsthand backup ${quoted(now.directory ?? "/mnt/backup/firsthand")} --data ${quoted(now.data)}`;
  return (
    <Sheet title={now.directory === null ? b("backups.setup") : t("nav.settings")}>
      <div class="stack">
        <p>{b(now.directory === null ? "backups.setup.note" : "backups.setup.more")}</p>
        {now.directory === null && (
          <pre class="well wrap" tabIndex={0} aria-label={b("backups.setup.command")}>
            {cleanLine(command)}
          </pre>
        )}
        <pre class="well wrap" tabIndex={0} aria-label={b("backups.setup.settings")}>
          {cleanText(lines)}
        </pre>
        <p>
          <CopyButton text={lines} label={b("backups.setup.copy")} />
        </p>
      </div>
    </Sheet>
  );
}
