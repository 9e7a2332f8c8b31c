// What the desktop application's menu, links and notifications ask of this window.
import { useEffect, useRef } from "react";
import type { WindowRequest } from "../../shared/domain/settings.ts";
import { follow } from "./follow.ts";
import { useHost } from "./host.tsx";

export function useWindowRequests(onRequest: (request: WindowRequest) => void): void {
  const { connection, client } = useHost();
  const latest = useRef(onRequest);
  useEffect(() => {
    latest.current = onRequest;
  });
  useEffect(
    () =>
      follow({
        connection,
        open: (signal) => client.app.requests(undefined, { signal }),
        onValue: (request) => latest.current(request),
      }),
    [connection, client],
  );
}
