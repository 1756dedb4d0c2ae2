import { Component, type ReactNode } from "react";

interface State {
  readonly failed: boolean;
}

/** Shows an error page if rendering fails. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="page" role="alert">
        <h1>This page cannot be displayed</h1>
        <p>An error occurred in the dashboard. The browser console has the details. The server is not affected.</p>
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      </main>
    );
  }
}
