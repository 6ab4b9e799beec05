// Surveys, their results and whom they asked.

export interface SurveyRow {
  id: string;
  name: string;
  status: "draft" | "live" | "paused" | "closed";
  version: number;
  has_draft: boolean;
  questions: number;
  languages: string[];
  owner: string;
  created: string;
  updated: string;
  published: string | null;
}

export interface SurveyFinding {
  code: string;
  severity: "error" | "warning";
  pointer: string;
  message: string;
  fix: string;
}

/** A survey with its definitions, which the builder knows the shape of. */
export interface SurveyShown {
  id: string;
  status: SurveyRow["status"];
  version: number;
  definition: unknown;
  draft: unknown;
  findings: SurveyFinding[];
  errors: number;
  seconds: number;
  created?: string;
}

export interface SurveyFunnel {
  asked: number;
  shown: number;
  started: number;
  finished: number;
}

export interface SurveyQuestionResult {
  id: string;
  type: string;
  title: string;
  n: number;
  reached: number;
  left: number;
  distribution?: Record<string, number>;
  /** Of a rank: how often each stood first. */
  first?: Record<string, number>;
  rows?: Record<string, Record<string, number>>;
  labels?: Record<string, string>;
  row_labels?: Record<string, string>;
  mean?: number | null;
  min?: number | null;
  max?: number | null;
}

export interface SurveyResults extends SurveyFunnel {
  survey: string;
  as_of: string;
  by: {
    way: (SurveyFunnel & { way: string })[];
    language: (SurveyFunnel & { language: string })[];
    version: (SurveyFunnel & { version: number })[];
    wave: (SurveyFunnel & { wave: number })[];
  };
  questions: SurveyQuestionResult[];
}

export interface SurveyResponse {
  response: string;
  customer: string | null;
  at: string;
  version: number;
  wave: number | null;
  way: string;
  language: string;
  finished: boolean;
  answers: Record<string, unknown>;
}

export interface SurveySuspect {
  response: string;
  at: string;
  version: number;
  way: string;
  language: string;
  finished: boolean;
  reasons: string[];
  answers: Record<string, unknown>;
}

export interface SurveyAudience {
  segment: number;
  at_the_moment: number;
  asked_before: number;
  sampled_out: number;
  spared_by_policy: number;
  would_be_asked: number;
  answers_expected: { low: number; high: number };
  looked_at: number;
  estimated: boolean;
}

export interface SurveyLinks {
  made: number;
  links: { customer: string | null; path: string; response: string }[];
  skipped: { customer: string; reason: string }[];
}

export interface SurveyTemplate {
  id: string;
  summary: string;
  definition: unknown;
}
