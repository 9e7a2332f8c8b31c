// Starts the interface: finds the door, connects, draws.
import "./state/validation.ts";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./styles/base.css";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Frame } from "./frame/Frame.tsx";
import { connect } from "./state/connection.ts";
import { findDoor } from "./state/doors.ts";
import { createHost, HostProvider } from "./state/host.tsx";
import { reloadOnSwitch } from "./state/landing.ts";
import { theme } from "./styles/theme.ts";

const host = createHost(connect(findDoor(window)));
reloadOnSwitch(host.workspace);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <HostProvider host={host}>
        <QueryClientProvider client={host.queryClient}>
          <Notifications position="bottom-right" autoClose={6000} />
          <Frame />
        </QueryClientProvider>
      </HostProvider>
    </MantineProvider>
  </StrictMode>,
);
