// Light, dark or as the system: the user's setting, which all windows follow. Mantine remembers it for the next first paint.
import { useMantineColorScheme } from "@mantine/core";
import { useEffect } from "react";
import { useSettings } from "./host.tsx";

export function useAppearance(): void {
  const appearance = useSettings()?.settings.appearance;
  const { setColorScheme } = useMantineColorScheme();
  useEffect(() => {
    if (appearance !== undefined) setColorScheme(appearance === "system" ? "auto" : appearance);
  }, [appearance, setColorScheme]);
}
