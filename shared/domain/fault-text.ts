// What is wrong with a setting, in words for people; zod's own are for programmers.
import type { z } from "zod";

/** `at least 2`. What a schema says in its own words stays. */
export function faultText(issue: z.core.$ZodIssue): string {
  if (!/^(Too |Invalid )/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case "too_small":
      return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${counting(issue.origin, Number(issue.minimum))}`;
    case "too_big":
      return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${counting(issue.origin, Number(issue.maximum))}`;
    case "invalid_type":
      return issue.expected === "int" ? "a whole number" : `a ${issue.expected}`;
    case "invalid_value":
      return `one of ${issue.values.map(String).join(", ")}`;
    default:
      return issue.message;
  }
}

function counting(origin: string, count: number): string {
  const noun = { array: " value", string: " letter" }[origin];
  return noun === undefined ? "" : count === 1 ? noun : `${noun}s`;
}
