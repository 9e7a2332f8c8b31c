// Short notices in the corner, for what happened away from where the user looks.
import { notifications } from "@mantine/notifications";
import { errorText } from "../state/errors.ts";

/** Tells that something failed, with its reason. */
export function showError(error: unknown, title: string): void {
  const { code, message } = errorText(error);
  if (code === "CANCELLED") return;
  notifications.show({ color: "red", title, message, autoClose: 12_000 });
}

/** Tells that something is done. */
export function showDone(title: string, message: string): void {
  notifications.show({ color: "teal", title, message });
}
