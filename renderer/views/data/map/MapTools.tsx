// The buttons on the map: what restricts the tiles to a place, and how near the map is.
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconFocusCentered, IconKeyboard, IconLasso, IconMinus, IconPlus, IconRectangle, IconX } from "@tabler/icons-react";
import classes from "./MapTools.module.css";
import type { Tool } from "./use-drawing.ts";

export interface MapToolsProps {
  readonly tool: Tool | null;
  readonly onTool: (tool: Tool | null) => void;
  /** Whether the filter follows what is in view. */
  readonly isFollowing: boolean;
  readonly onFollow: (isOn: boolean) => void;
  /** What was drawn and restricts the tiles. */
  readonly place: "box" | "area" | null;
  readonly onForgetPlace: () => void;
  readonly onZoom: (steps: number) => void;
  readonly onFit: () => void;
}

const TOOLS = [
  { tool: "box", title: "Only tiles in a box: draw it", keys: "Shift and drag", Icon: IconRectangle },
  { tool: "lasso", title: "Only tiles in a shape: draw it", keys: null, Icon: IconLasso },
] as const;

const PLACES = { box: "In the box", area: "In the shape" } as const;

const KEYS = "Arrows move the map, + and − zoom, Home shows all. Shift and arrows go from tile to tile, Enter opens one.";

export function MapTools({ tool, onTool, isFollowing, onFollow, place, onForgetPlace, onZoom, onFit }: MapToolsProps) {
  return (
    <>
      <div className={classes.place}>
        <Button
          variant={isFollowing ? "filled" : "default"}
          size="compact-xs"
          aria-pressed={isFollowing}
          onClick={() => onFollow(!isFollowing)}
        >
          Only tiles in view
        </Button>
        {place && (
          <Button
            variant="default"
            size="compact-xs"
            rightSection={<IconX size={12} />}
            onClick={onForgetPlace}
            aria-label={`${PLACES[place]}: all places again`}
          >
            {PLACES[place]}
          </Button>
        )}
      </div>
      <div className={classes.tools}>
        <ActionIcon.Group orientation="vertical">
          <ActionIcon variant="default" aria-label="Nearer" onClick={() => onZoom(1)}>
            <IconPlus size={16} />
          </ActionIcon>
          <ActionIcon variant="default" aria-label="Farther" onClick={() => onZoom(-1)}>
            <IconMinus size={16} />
          </ActionIcon>
          <Tooltip label="All tiles (Home)" position="left">
            <ActionIcon variant="default" aria-label="Show the place of all tiles" onClick={onFit}>
              <IconFocusCentered size={16} />
            </ActionIcon>
          </Tooltip>
        </ActionIcon.Group>
        <ActionIcon.Group orientation="vertical">
          {TOOLS.map(({ tool: own, title, keys, Icon }) => (
            <Tooltip key={own} label={keys ? `${title} (${keys})` : title} position="left">
              <ActionIcon
                variant={tool === own ? "filled" : "default"}
                color={tool === own ? "accent" : "gray"}
                aria-label={title}
                aria-pressed={tool === own}
                onClick={() => onTool(tool === own ? null : own)}
              >
                <Icon size={16} />
              </ActionIcon>
            </Tooltip>
          ))}
        </ActionIcon.Group>
        <Tooltip label={KEYS} position="left">
          <ActionIcon variant="default" aria-label={`Keys of the map: ${KEYS}`}>
            <IconKeyboard size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
    </>
  );
}
