// A button that leads to a route.
import { Button, type ButtonProps } from "@mantine/core";
import type { ReactNode } from "react";

export function LinkButton({ href, children, ...button }: ButtonProps & { href: string; children: ReactNode }) {
  return (
    <Button component="a" href={href} {...button}>
      {children}
    </Button>
  );
}
