// Whom it would reach today: how many fit, whom the policy spares, how many answers to expect.
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import { OpenNumber } from "../../evidence/number";
import { formatNumber } from "../../format";
import { Problem, Sheet, Skeleton } from "../../parts/basic";
import type { CustomersQuery } from "../../query/types";
import { t } from "../../strings";
import type { Definition } from "./definition";
import { whenWords, whomWords } from "./words";

export function Audience({ survey, id, saved }: { survey: Definition; id: string; saved: string }) {
  const load = useLoad(`survey audience ${id} ${JSON.stringify([survey.whom, survey.when, survey.sampling, survey.waves])} ${saved}`, (signal) => api.surveyAudience(id, signal));
  const found = load.data;
  const query: CustomersQuery = { kind: "customers", ...(survey.whom === undefined ? {} : { segment: survey.whom }) };
  const about = found?.estimated ? t("audience.about") : "";
  return (
    <Sheet title={t("audience.title")}>
      <p class="small dim">{t("audience.sentence", { whom: whomWords(survey), when: whenWords(survey.when) })}</p>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!found && !load.error && <Skeleton rows={4} height={120} />}
      {found && (
        <dl class="facts wide-names audience">
          <div>
            <dt>{t("audience.segment")}</dt>
            <dd>
              <OpenNumber query={query} open={{}} n={found.segment} />
            </dd>
          </div>
          {survey.when && (
            <div>
              <dt>{t("audience.moment")}</dt>
              <dd>{about + formatNumber(found.at_the_moment)}</dd>
            </div>
          )}
          {found.asked_before > 0 && (
            <div>
              <dt>{t("audience.before")}</dt>
              <dd>{about + formatNumber(found.asked_before)}</dd>
            </div>
          )}
          {found.sampled_out > 0 && (
            <div>
              <dt>{t("audience.sampled")}</dt>
              <dd>{about + formatNumber(found.sampled_out)}</dd>
            </div>
          )}
          <div>
            <dt>{t("audience.spared")}</dt>
            <dd>{about + formatNumber(found.spared_by_policy)}</dd>
          </div>
          <div>
            <dt>
              <b>{t("audience.asked")}</b>
            </dt>
            <dd>
              <b>{about + formatNumber(found.would_be_asked)}</b>
            </dd>
          </div>
          <div>
            <dt>{t("audience.expected")}</dt>
            <dd>{t("score.range", { low: formatNumber(found.answers_expected.low), high: formatNumber(found.answers_expected.high) })}</dd>
          </div>
        </dl>
      )}
    </Sheet>
  );
}
