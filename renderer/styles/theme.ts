// The look: Mantine's components made dense, one accent colour, neutral greys that the figures share.
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef0fc",
  "#dadff7",
  "#b4bdee",
  "#8f9ce6",
  "#7685e0",
  "#5466d0",
  "#4457c8",
  "#3647ad",
  "#2c3a8e",
  "#222d6e",
];

/** Light to dark, so that 6 is a field, 7 the ground of the figures. */
const dark: MantineColorsTuple = [
  "#e9ebee",
  "#c9ced6",
  "#a3abb6",
  "#7d8691",
  "#3d434b",
  "#2d3238",
  "#23272c",
  "#1a1d21",
  "#14161a",
  "#0e1013",
];

const gray: MantineColorsTuple = [
  "#f7f8f9",
  "#f0f2f4",
  "#e6e8eb",
  "#d8dce1",
  "#c3c9d1",
  "#9aa1ab",
  "#6b737e",
  "#4d545e",
  "#343a42",
  "#1b1e23",
];

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 5 },
  colors: { accent, dark, gray },
  black: "#1b1e23",
  autoContrast: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "2px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  defaultRadius: "sm",
  cursorType: "pointer",
  focusRing: "auto",
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "20px" }, h2: { fontSize: "16px" }, h3: { fontSize: "14px" } } },
  components: {
    Button: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "md" } },
    Select: { defaultProps: { size: "xs", allowDeselect: false, checkIconPosition: "right" } },
    MultiSelect: { defaultProps: { size: "xs" } },
    TextInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    TagsInput: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Slider: { defaultProps: { size: "sm", thumbSize: 14 } },
    RangeSlider: { defaultProps: { size: "sm", thumbSize: 14 } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true, multiline: true, maw: 340 } },
    InputWrapper: { styles: { description: { fontSize: "12px" }, label: { fontSize: "13px" } } },
    Modal: {
      defaultProps: {
        closeButtonProps: { "aria-label": "Close" },
        transitionProps: { duration: 0 },
        overlayProps: { backgroundOpacity: 0.45 },
      },
    },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": "Close this notice" } } },
    Popover: { defaultProps: { transitionProps: { duration: 0 }, shadow: "md" } },
    Menu: { defaultProps: { transitionProps: { duration: 0 }, shadow: "md" } },
    Alert: { defaultProps: { variant: "light", p: "xs" } },
    Badge: { defaultProps: { size: "sm", radius: "sm", variant: "light", tt: "none" } },
  },
});
