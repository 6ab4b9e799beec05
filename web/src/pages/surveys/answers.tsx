// What came back: from asked to finished, question by question with where people left, one by one, and the suspects.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { SurveyFunnel, SurveyQuestionResult, SurveyResponse, SurveyResults, SurveyShown, SurveySuspect } from "../../api/types";
import { channelWords } from "../../evidence/people";
import { OpenNumber } from "../../evidence/number";
import { addDays, dayLabel, formatNumber, formatShare, todayLabel } from "../../format";
import { Button, Empty, Moment, Problem, Quote, Sheet, Skeleton, Tag } from "../../parts/basic";
import { Select } from "../../parts/field";
import { customerHref } from "../../parts/person";
import { toast } from "../../parts/toast";
import type { Cond, TrendQuery } from "../../query/types";
import { cleanLine, cleanText, showValue } from "../../safe";
import { t, tOr } from "../../strings";
import type { Definition } from "./definition";
import { languageName } from "./languages";

interface Filter {
  way?: string;
  language?: string;
  version?: string;
  wave?: string;
}

const PAGE = 25;

/** The same events as a trend: what opens a number of this page to its people. */
function countQuery(shown: SurveyShown, filter: Filter, event: string, where: Cond[]): TrendQuery {
  const by: Cond[] = [
    ...(filter.way ? ([["way", "=", filter.way]] as Cond[]) : []),
    ...(filter.language ? ([["language", "=", filter.language]] as Cond[]) : []),
    ...(filter.version ? ([["version", "=", Number(filter.version)]] as Cond[]) : []),
    ...(filter.wave ? ([["wave", "=", Number(filter.wave)]] as Cond[]) : []),
  ];
  const from = shown.created ? addDays(dayLabel(shown.created), -1) : addDays(todayLabel(), -730);
  return { kind: "trend", series: [{ event, measure: "count", where: [["survey", "=", shown.id], ...where, ...by] }], interval: "quarter", range: { from, to: todayLabel() } };
}

const STEPS: Record<keyof SurveyFunnel, { event: string; where: Cond[] }> = {
  asked: { event: "contacted", where: [["outcome", "=", "allowed"]] },
  shown: { event: "survey shown", where: [] },
  started: { event: "feedback", where: [["question", "not set"]] },
  finished: { event: "feedback", where: [["question", "not set"], ["finished", "=", true]] },
};

export function Answers({ shown }: { shown: SurveyShown }) {
  const [filter, setFilter] = useState<Filter>({});
  const load = useLoad<SurveyResults>(`survey results ${shown.id} ${JSON.stringify(filter)}`, (signal) => api.surveyResults(shown.id, filter, signal));
  const whole = useLoad<SurveyResults>(`survey results ${shown.id} {}`, (signal) => api.surveyResults(shown.id, {}, signal));
  const results = load.data;
  if (shown.version === 0) {
    return (
      <Sheet label={t("survey.tab.answers")}>
        <Empty>{t("answers.draft")}</Empty>
      </Sheet>
    );
  }
  return (
    <div class="stack">
      <Filters filter={filter} by={whole.data?.by} onChange={setFilter} />
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!results && !load.error && (
        <Sheet label={t("survey.tab.answers")}>
          <Skeleton rows={8} height={320} />
        </Sheet>
      )}
      {results && (
        <div class="two">
          <div class="stack">
            <Sheet title={t("voice.answered")} aside={results.shown > 0 ? t("voice.answered.rate", { share: formatShare(results.finished / results.shown) }) : undefined}>
              <Funnel shown={shown} filter={filter} results={results} />
            </Sheet>
            {results.questions.map((question, index) => (
              <QuestionResult key={question.id} shown={shown} filter={filter} question={question} n={index + 1} />
            ))}
          </div>
          <div class="stack beside">
            <Sheet title={t("answers.words")}>
              <p class="dim">{t("answers.words.about")}</p>
              <p>
                <a class="button" href={`/voice?survey=${encodeURIComponent(shown.id)}`}>
                  {t("answers.words.read")}
                </a>
              </p>
            </Sheet>
            <Groups results={results} />
            <Suspects shown={shown} reload={load.reload} />
            <Responses shown={shown} filter={filter} />
          </div>
        </div>
      )}
    </div>
  );
}

function Filters({ filter, by, onChange }: { filter: Filter; by: SurveyResults["by"] | undefined; onChange: (filter: Filter) => void }) {
  if (!by) return null;
  const options = (list: { name: string; text: string }[], any: string) => [{ value: "", text: any }, ...list.map(({ name, text }) => ({ value: name, text }))];
  return (
    <div class="row wrap">
      {by.way.length > 1 && <Select inline label={t("answers.way")} value={filter.way ?? ""} onChange={(way) => onChange({ ...filter, way: way || undefined })} options={options(by.way.map(({ way }) => ({ name: way, text: tOr(`way.${way}`, cleanLine(way)) })), t("answers.way.any"))} />}
      {by.language.length > 1 && <Select inline label={t("survey.languages")} value={filter.language ?? ""} onChange={(language) => onChange({ ...filter, language: language || undefined })} options={options(by.language.map(({ language }) => ({ name: language, text: languageName(language) })), t("answers.language.any"))} />}
      {by.version.length > 1 && <Select inline label={t("answers.version")} value={filter.version ?? ""} onChange={(version) => onChange({ ...filter, version: version || undefined })} options={options(by.version.map(({ version }) => ({ name: String(version), text: t("answers.version.n", { n: version }) })), t("answers.version.any"))} />}
      {by.wave.length > 1 && <Select inline label={t("answers.wave")} value={filter.wave ?? ""} onChange={(wave) => onChange({ ...filter, wave: wave || undefined })} options={options(by.wave.map(({ wave }) => ({ name: String(wave), text: t("answers.wave.n", { n: wave }) })), t("answers.wave.any"))} />}
    </div>
  );
}

function Funnel({ shown, filter, results }: { shown: SurveyShown; filter: Filter; results: SurveyResults }) {
  const steps = (Object.keys(STEPS) as (keyof SurveyFunnel)[]).map((step) => ({ step, n: results[step] }));
  const most = Math.max(1, ...steps.map(({ n }) => n));
  if (most === 1 && steps.every(({ n }) => n === 0)) return <p class="dim">{t("answers.none")}</p>;
  return (
    <ul class="plain funnel-small">
      {steps.map(({ step, n }) => (
        <li key={step}>
          <span>{t(`voice.step.${step}`)}</span>
          <span class="funnel-small-track" aria-hidden="true">
            <i style={{ width: `${(n / most) * 100}%` }} />
          </span>
          <OpenNumber query={countQuery(shown, filter, STEPS[step].event, STEPS[step].where)} open={{}} n={n} />
          <span class="small dim">{formatShare(n / most, 0)}</span>
        </li>
      ))}
    </ul>
  );
}

/** What an answer is called in the events: choices by id, yes and no as truth, scores as numbers. */
function valueOf(question: SurveyQuestionResult, name: string): string | number | boolean {
  if (question.type === "yes_no") return name === "yes";
  return /^-?\d+$/.test(name) && !question.labels ? Number(name) : name;
}

function QuestionResult({ shown, filter, question, n }: { shown: SurveyShown; filter: Filter; question: SurveyQuestionResult; n: number }) {
  const counts = question.distribution ?? question.first;
  const entries = counts ? Object.entries(counts) : [];
  const most = Math.max(1, ...entries.map(([, count]) => count));
  const name = (id: string): string => (question.type === "yes_no" ? t(id === "yes" ? "survey.yes" : "survey.no") : cleanLine(question.labels?.[id] ?? id));
  return (
    <Sheet
      title={
        <h2 dir="auto">
          {formatNumber(n)}. {cleanText(question.title)}
        </h2>
      }
      label={cleanLine(question.title)}
      aside={t("answers.question", { n: question.n, reached: question.reached })}
    >
      {question.left > 0 && (
        <p class="small">
          <Tag tone="warn">{t("answers.left", { n: question.left, share: formatShare(question.reached ? question.left / question.reached : null, 0) })}</Tag>
        </p>
      )}
      {question.first && <p class="small dim">{t("answers.first")}</p>}
      {entries.length > 0 && (
        <ul class="plain answer-bars">
          {entries.map(([id, count]) => (
            <li key={id}>
              <span class="clip" dir="auto">
                {name(id)}
              </span>
              <span class="funnel-small-track" aria-hidden="true">
                <i style={{ width: `${(count / most) * 100}%` }} />
              </span>
              {question.first ? formatNumber(count) : <OpenNumber query={countQuery(shown, filter, "feedback", [[`answers.${question.id}`, "=", valueOf(question, id)]])} open={{}} n={count} />}
              <span class="small dim">{formatShare(question.n ? count / question.n : null, 0)}</span>
            </li>
          ))}
        </ul>
      )}
      {question.rows && <MatrixResult question={question} />}
      {question.type === "number" && question.mean !== null && question.mean !== undefined && <p>{t("answers.number", { mean: formatNumber(Math.round(question.mean * 100) / 100), min: formatNumber(question.min ?? 0), max: formatNumber(question.max ?? 0) })}</p>}
      {question.type === "open" && (
        <p>
          <a class="link" href={`/voice?survey=${encodeURIComponent(shown.id)}`}>
            {t("answers.words.read")}
          </a>
        </p>
      )}
    </Sheet>
  );
}

function MatrixResult({ question }: { question: SurveyQuestionResult }) {
  const choices = Object.keys(question.labels ?? {});
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={cleanLine(question.title)}>
      <table class="table">
        <thead>
          <tr>
            <td />
            {choices.map((id) => (
              <th key={id} scope="col" class="num">
                {cleanLine(question.labels![id]!)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Object.entries(question.rows!).map(([row, counts]) => (
            <tr key={row}>
              <th scope="row">{cleanLine(question.row_labels?.[row] ?? row)}</th>
              {choices.map((id) => (
                <td key={id} class="num">
                  {formatNumber(counts[id] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Groups({ results }: { results: SurveyResults }) {
  const rows = [
    ...results.by.way.map((each) => ({ ...each, key: `way ${each.way}`, name: tOr(`way.${each.way}`, cleanLine(each.way)) })),
    ...(results.by.language.length > 1 ? results.by.language.map((each) => ({ ...each, key: `language ${each.language}`, name: languageName(each.language) })) : []),
    ...(results.by.version.length > 1 ? results.by.version.map((each) => ({ ...each, key: `version ${each.version}`, name: t("answers.version.n", { n: each.version }) })) : []),
    ...(results.by.wave.length > 1 ? results.by.wave.map((each) => ({ ...each, key: `wave ${each.wave}`, name: t("answers.wave.n", { n: each.wave }) })) : []),
  ];
  if (rows.length < 2) return null;
  return (
    <Sheet title={t("answers.groups")} flush>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("voice.group")}</th>
            <th scope="col" class="num">{t("voice.step.shown")}</th>
            <th scope="col" class="num">{t("voice.step.finished")}</th>
            <th scope="col" class="num">{t("answers.share")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.name}</th>
              <td class="num">{formatNumber(row.shown)}</td>
              <td class="num">{formatNumber(row.finished)}</td>
              <td class="num">{formatShare(row.shown ? row.finished / row.shown : null, 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sheet>
  );
}

function answerLine(shown: SurveyShown, answers: Record<string, unknown>): { id: string; title: string; value: unknown }[] {
  const definition = (shown.definition ?? shown.draft) as Definition | null;
  return Object.entries(answers).map(([id, value]) => {
    const question = definition?.questions.find((each) => each.id === id);
    const title = question ? (typeof question.title === "string" ? question.title : (Object.values(question.title)[0] ?? id)) : id;
    return { id, title: cleanLine(title), value };
  });
}

function AnswerList({ shown, answers }: { shown: SurveyShown; answers: Record<string, unknown> }) {
  return (
    <dl class="facts">
      {answerLine(shown, answers).map(({ id, title, value }) => (
        <div key={id}>
          <dt>{title}</dt>
          <dd>{typeof value === "string" && value.length > 20 ? <Quote text={value} size="s" /> : <bdi>{showValue(value)}</bdi>}</dd>
        </div>
      ))}
    </dl>
  );
}

function Responses({ shown, filter }: { shown: SurveyShown; filter: Filter }) {
  const key = `survey responses ${shown.id} ${JSON.stringify(filter)}`;
  const load = useLoad(key, (signal) => api.surveyResponses(shown.id, { way: filter.way, version: filter.version, wave: filter.wave, limit: PAGE }, signal));
  const [more, setMore] = useState<{ key: string; rows: SurveyResponse[]; cursor: string | null } | null>(null);
  const extra = more?.key === key ? more : null;
  const rows = [...(load.data?.responses ?? []), ...(extra?.rows ?? [])];
  const cursor = extra ? extra.cursor : (load.data?.cursor ?? null);
  const loadMore = async () => {
    try {
      const next = await api.surveyResponses(shown.id, { way: filter.way, version: filter.version, wave: filter.wave, limit: PAGE, cursor });
      setMore({ key, rows: [...(extra?.rows ?? []), ...next.responses], cursor: next.cursor });
    } catch {
      toast(t("drawer.more.failed"));
    }
  };
  return (
    <Sheet title={t("answers.responses")} aside={load.data && t("answers.responses.n", { n: load.data.total })} flush>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!load.data && !load.error && <Skeleton rows={4} />}
      {load.data && rows.length === 0 && <Empty>{t("answers.none")}</Empty>}
      <ul class="plain response-list">
        {rows.map((row) => (
          <li key={row.response}>
            <p class="byline">
              {row.customer ? (
                <a class="strong" href={customerHref(row.customer)} dir="auto">
                  {cleanLine(row.customer)}
                </a>
              ) : null}
              <Moment at={row.at} /> · {tOr(`way.${row.way}`, channelWords(row.way))}
              {!row.finished && <Tag>{t("answers.unfinished")}</Tag>}
            </p>
            <AnswerList shown={shown} answers={row.answers} />
          </li>
        ))}
      </ul>
      {cursor && (
        <p class="center more">
          <Button look="soft" onClick={() => void loadMore()}>
            {t("drawer.more", { n: formatNumber((load.data?.total ?? 0) - rows.length) })}
          </Button>
        </p>
      )}
    </Sheet>
  );
}

function Suspects({ shown, reload }: { shown: SurveyShown; reload: () => void }) {
  const load = useLoad(`survey suspects ${shown.id}`, (signal) => api.surveySuspects(shown.id, signal));
  const list = load.data?.suspects ?? [];
  if (load.error) return <Problem error={load.error} retry={load.reload} />;
  if (!load.data || load.data.total === 0) return null;
  const decide = async (suspect: SurveySuspect, what: "release" | "discard") => {
    try {
      await api.decideSuspect(shown.id, suspect.response, what);
      toast(t(what === "release" ? "suspects.released" : "suspects.discarded"));
      load.reload();
      reload();
    } catch (error) {
      toast(error instanceof ApiError ? (error.problem.detail ?? error.problem.title) : t("problem.other"));
    }
  };
  return (
    <Sheet title={t("suspects.title")} aside={t("suspects.n", { n: load.data.total })} flush>
      <p class="small dim coverage-note">{t("suspects.about")}</p>
      <ul class="plain response-list">
        {list.map((suspect) => (
          <li key={suspect.response}>
            <p class="byline">
              <Moment at={suspect.at} />
              {suspect.reasons.map((reason) => (
                <Tag key={reason} tone="warn">
                  {tOr(`suspect.${reason}`, cleanLine(reason))}
                </Tag>
              ))}
            </p>
            <AnswerList shown={shown} answers={suspect.answers} />
            <p class="row">
              <Button look="soft" onClick={() => void decide(suspect, "release")}>
                {t("suspects.release")}
              </Button>
              <Button look="danger" onClick={() => void decide(suspect, "discard")}>
                {t("suspects.discard")}
              </Button>
            </p>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
