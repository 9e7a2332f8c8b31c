// A fault of one view stays in that view, and says so.
import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Component, type ReactNode } from "react";
import { EmptyState } from "./EmptyState.tsx";

interface Props {
  readonly name: string;
  readonly children: ReactNode;
}
interface State {
  readonly error: Error | null;
}

export class ViewBoundary extends Component<Props, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <EmptyState
        icon={IconAlertTriangle}
        title={`The view ${this.props.name} cannot be drawn`}
        actions={<Button onClick={() => this.setState({ error: null })}>Draw it again</Button>}
      >
        This is a fault of the application; runs go on. {error.message}
      </EmptyState>
    );
  }
}
