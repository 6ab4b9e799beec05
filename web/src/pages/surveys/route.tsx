// All pages of Surveys, in a chunk of their own.
import { SurveysPage } from "./library";
import { SurveyPage } from "./page";

export function SurveysRoute({ rest }: { rest: string[] }) {
  return rest[0] ? <SurveyPage id={rest[0]} tab={rest[1]} /> : <SurveysPage />;
}
