// One account: how much there is of it, and its customers, those seen last first.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { Account } from "../../api/types";
import { Page } from "../../frame/frame";
import { formatDate, formatNumber } from "../../format";
import { Button, Empty, Moment, Problem, Sheet, Skeleton, Value } from "../../parts/basic";
import { Icon } from "../../parts/icon";
import { Avatar, customerHref, faceOfAccount, Who } from "../../parts/person";
import { cleanLine } from "../../safe";
import { t } from "../../strings";

const STEP = 50;
/** The server shows no more of one account. */
const MOST = 1000;
/** The last person's name is not the account's. */
const OF_ONE_PERSON = /name|email|phone|avatar|address/i;

export function AccountPage({ id }: { id: string }) {
  const [limit, setLimit] = useState(STEP);
  const account = useLoad<Account>(`${id} ${limit}`, (signal) => api.account(id, limit, signal));
  const face = faceOfAccount(id);
  const found = account.data;
  const traits = Object.entries(found?.traits ?? {}).filter(([name]) => !OF_ONE_PERSON.test(name));
  return (
    <Page
      bar={
        <nav class="crumbs small dim" aria-label={t("crumbs")}>
          <a href="/customers">{t("customers.title")}</a>
          <Icon name="right" small />
          <a href="/customers?per=account">{t("accounts.title")}</a>
          <Icon name="right" small />
          <span class="clip" dir="auto">
            {face.name}
          </span>
        </nav>
      }
      title={
        <div class="person">
          <Avatar face={face} size="l" />
          <div>
            <h1 dir="auto">{face.name}</h1>
            {found && (
              <p class="person-facts">
                <span>{t("account.customers", { n: found.customers })}</span>
                <span>{t("customer.events", { n: found.events })}</span>
                {found.first_seen && <span>{t("account.since", { date: formatDate(found.first_seen, { month: "long", year: "numeric" }) })}</span>}
              </p>
            )}
          </div>
        </div>
      }
    >
      {account.error && (account.error.status === 404 ? (
        <Empty action={<a class="button" href="/customers?per=account">{t("account.all")}</a>}>{t("account.absent", { id })}</Empty>
      ) : (
        <Problem error={account.error} retry={account.reload} />
      ))}
      {!found && !account.error && <Skeleton rows={10} height={420} />}
      {found && (
        <div class="two">
          <Members account={found} busy={account.loading} onMore={() => setLimit(Math.min(MOST, limit + 4 * STEP))} />
          <aside class="beside">
            <Sheet title={t("account.traits")}>
              {traits.length === 0 && <p class="dim">{t("customer.traits.none")}</p>}
              <dl class="facts">
                {traits.map(([name, value]) => (
                  <div key={name}>
                    <dt>{cleanLine(name)}</dt>
                    <dd>
                      <Value value={value} />
                    </dd>
                  </div>
                ))}
              </dl>
            </Sheet>
          </aside>
        </div>
      )}
    </Page>
  );
}

function Members({ account, busy, onMore }: { account: Account; busy: boolean; onMore: () => void }) {
  const left = account.customers - account.members.length;
  return (
    <section class="sheet" aria-label={t("account.members.of", { account: cleanLine(account.id) })} aria-busy={busy}>
      <header class="sheet-head">
        <h2>{t("account.members")}</h2>
      </header>
      <table class="table customers">
        <thead>
          <tr>
            <th scope="col">{t("customers.name")}</th>
            <th scope="col" class="num">
              {t("customers.events")}
            </th>
            <th scope="col">{t("customers.first")}</th>
            <th scope="col">{t("customers.last")}</th>
          </tr>
        </thead>
        <tbody>
          {account.members.map((member) => (
            <tr key={member.id} class="tall">
              <th scope="row">
                <Who row={member} size="m" facts />
              </th>
              <td class="num col-events">
                <a class="opens" href={customerHref(member.id)} aria-label={t("customers.events.open", { n: member.events })}>
                  {formatNumber(member.events)}
                </a>
              </td>
              <td class="col-first dim">{member.first_seen ? <Moment at={member.first_seen} /> : "–"}</td>
              <td class="col-last">{member.last_seen ? <Moment at={member.last_seen} /> : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {left > 0 && (
        <p class="center more">
          {account.members.length < MOST ? (
            <Button look="soft" disabled={busy} onClick={onMore}>
              {t("account.more", { n: left })}
            </Button>
          ) : (
            <span class="small dim">{t("account.most", { shown: formatNumber(MOST), n: formatNumber(account.customers) })}</span>
          )}
        </p>
      )}
    </section>
  );
}
