/** Holder hints: how much of a birthday a pass gives away for the ID check at the door. */

/** `"03"`, `"03-17"` or null. */
export type Holder = string | null;
export type HintForm = "month" | "day" | "none";

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MONTHS = DAYS_IN_MONTH.map((_, month) => twoDigits(month + 1));

/** Every hint of a form: one null, 12 months, or 366 days with 29 February. */
export function allHints(form: HintForm): readonly Holder[] {
  if (form === "none") return [null];
  if (form === "month") return MONTHS;
  return DAYS_IN_MONTH.flatMap((days, month) =>
    Array.from({length: days}, (_, day) => `${MONTHS[month]}-${twoDigits(day + 1)}`),
  );
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
