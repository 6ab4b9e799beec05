// The accounts of a customer, each with who else is in it.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { Account, Customer } from "../../api/types";
import { Button, Moment, Problem, Sheet, Skeleton } from "../../parts/basic";
import { accountHref, Who, WhoAccount } from "../../parts/person";
import { t } from "../../strings";

/** Of one account, and of how many accounts at first. */
const MEMBERS = 6;
const ACCOUNTS = 3;

export function Accounts({ person }: { person: Customer }) {
  const [all, setAll] = useState(false);
  const shown = all ? person.accounts : person.accounts.slice(0, ACCOUNTS);
  return (
    <Sheet title={t("customer.accounts", { n: person.accounts.length })}>
      <div class="stack">
        {shown.map((id) => (
          <One key={id} id={id} self={person.id} />
        ))}
        {shown.length < person.accounts.length && (
          <Button look="quiet" onClick={() => setAll(true)}>
            {t("customer.traits.all", { n: person.accounts.length })}
          </Button>
        )}
      </div>
    </Sheet>
  );
}

function One({ id, self }: { id: string; self: string }) {
  const account = useLoad<Account>(id, (signal) => api.account(id, MEMBERS + 1, signal));
  const others = (account.data?.members ?? []).filter((member) => member.id !== self).slice(0, MEMBERS);
  const left = (account.data?.customers ?? 0) - others.length - 1;
  return (
    <div class="mates">
      <div class="mates-head">
        <WhoAccount id={id} size="xs" />
        {account.data && <span class="small dim">{t("account.customers", { n: account.data.customers })}</span>}
      </div>
      {account.error && <Problem error={account.error} retry={account.reload} />}
      {!account.data && !account.error && <Skeleton rows={2} />}
      {account.data && others.length === 0 && <p class="small dim">{t("account.alone")}</p>}
      <ul class="plain">
        {others.map((member) => (
          <li key={member.id}>
            <Who row={member} size="xs" />
            <span class="small dim">{member.last_seen && <Moment at={member.last_seen} />}</span>
          </li>
        ))}
      </ul>
      {left > 0 && (
        <a class="small" href={accountHref(id)}>
          {t("account.more", { n: left })}
        </a>
      )}
    </div>
  );
}
