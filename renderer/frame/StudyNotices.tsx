// Tells of work that has ended, in the window and, where asked for, by the system; shows how far a study is in the window's title and icon.
import { ActionIcon } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBell, IconBellOff } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useRef } from "react";
import { noticesOf } from "../../shared/domain/notices.ts";
import type { Job } from "../../shared/domain/workspace.ts";
import { useJobs } from "../state/host.tsx";
import { useNotify } from "../state/notify.ts";
import { parseRoute, useRoute } from "../state/router.ts";
import { runningShare } from "../state/study-share.ts";

const TITLE = "SimCLR-S2 Studio";

export function StudyNotices() {
  const jobs = useJobs();
  const { go } = useRoute();
  const notify = useNotify();
  const tell = useEffectEvent(notify.tell);
  const before = useRef<readonly Job[]>([]);
  useEffect(() => {
    if (!jobs) return;
    for (const notice of noticesOf(before.current, jobs)) {
      // What takes moments is seen where it was asked for.
      if (notice.kind === "study" || notice.kind === "ingest")
        notifications.show({
          color: notice.isFailure ? "red" : "teal",
          title: notice.title,
          message: notice.body,
          autoClose: notice.isFailure ? false : 20_000,
        });
      tell(notice.title, notice.body, () => go(parseRoute(notice.hash)));
    }
    before.current = jobs;
  }, [jobs, go]);
  const running = runningShare(jobs ?? []);
  const percent = running === null ? null : Math.floor(running.share * 100);
  const study = running?.study;
  useEffect(() => {
    document.title = percent === null ? TITLE : `${percent} % ${study} - ${TITLE}`;
    const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (!link || percent === null) return;
    const plain = link.href;
    link.href = ringIcon(percent / 100) ?? plain;
    return () => {
      document.title = TITLE;
      link.href = plain;
    };
  }, [percent, study]);
  return null;
}

const ICON_PIXELS = 32;

/** A ring that fills, as a picture for the tab; null where there is no canvas. */
function ringIcon(share: number): string | null {
  const canvas = document.createElement("canvas");
  canvas.width = ICON_PIXELS;
  canvas.height = ICON_PIXELS;
  const context = canvas.getContext("2d");
  if (!context) return null;
  const middle = ICON_PIXELS / 2;
  context.lineWidth = 7;
  for (const [colour, end] of [
    ["#9aa1ab", 1],
    ["#4457c8", share],
  ] as const) {
    context.strokeStyle = colour;
    context.beginPath();
    context.arc(middle, middle, middle - 5, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * end);
    context.stroke();
  }
  return canvas.toDataURL("image/png");
}

/** Turns the system's notice of a study's end on and off. */
export function NotifyToggle() {
  const { isOn, isRefused, set } = useNotify();
  const text = isRefused
    ? "The browser refuses notifications of this page. Allow them in its settings to be told when work ends while the window is away."
    : isOn
      ? "The system tells when work ends while the window is away. Click to turn that off."
      : "Have the system tell when work ends while the window is away";
  const Icon = isOn ? IconBell : IconBellOff;
  return (
    <ActionIcon aria-label="Notify when work ends" aria-pressed={isOn} title={text} disabled={isRefused} onClick={() => void set(!isOn)}>
      <Icon size={17} stroke={1.6} />
    </ActionIcon>
  );
}
