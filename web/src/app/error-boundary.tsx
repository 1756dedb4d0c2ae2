import { Component, type ReactNode } from "react";

interface State {
  readonly failed: boolean;
}

/** Shows a plain page in place of one that could not be drawn. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="page" role="alert">
        <h1>This page could not be shown</h1>
        <p>
          The dashboard has met an error of its own. The browser's console has its details; the server is not affected.
        </p>
        <button type="button" onClick={() => location.reload()}>
          Load again
        </button>
      </main>
    );
  }
}
