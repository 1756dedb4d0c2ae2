import { createConnectTransport } from "@connectrpc/connect-web";
import { useEffect, useRef, useState } from "react";
import { CataloguePage } from "../features/catalogue/catalogue-page.tsx";
import { OrdersPage } from "../features/orders/orders-page.tsx";
import { QuotesPage } from "../features/quotes/quotes-page.tsx";
import { UploadProgressBadge } from "../features/uploads/upload-progress-badge.tsx";
import { UploadsModel } from "../features/uploads/uploads-model.ts";
import { UploadsPage } from "../features/uploads/uploads-page.tsx";
import { PageLink, paths, replaceQueryString, usePath, useQueryString } from "./router.tsx";
import { ThemeToggle } from "./theme.tsx";
import "./app.css";

/** Calls go to the server that the page was loaded from. */
const transport = createConnectTransport({ baseUrl: location.origin, useBinaryFormat: true });

/** The header with the navigation, and the current page. */
export function App() {
  const path = usePath();
  const [uploads] = useState(() => new UploadsModel(transport));
  useEffect(() => uploads.start(), [uploads]);
  const main = useRef<HTMLElement>(null);
  const shownPath = useRef(path);
  useEffect(() => {
    if (shownPath.current === path) return;
    shownPath.current = path;
    main.current?.focus(); // the keyboard and screen readers continue in the new page
  }, [path]);
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="bar">
        <span className="brand">
          <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
            <rect width="32" height="32" rx="7" fill="var(--accent-fill)" />
            <path d="M6 22l6-7 5 4 9-11" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
          </svg>
          <span className="brand-name">Bourse</span>
        </span>
        <nav aria-label="Pages">
          <PageLink to={paths.quotes}>Quotes</PageLink>
          <PageLink to={paths.catalogue}>Catalogue</PageLink>
          <PageLink to={paths.orders}>Orders</PageLink>
          <PageLink to={paths.uploads}>
            Uploads
            <UploadProgressBadge queue={uploads.queue} />
          </PageLink>
        </nav>
        <ThemeToggle />
      </header>
      <main id="main" className="page" ref={main} tabIndex={-1}>
        <Page path={path} uploads={uploads} />
      </main>
    </>
  );
}

function Page({ path, uploads }: { path: string; uploads: UploadsModel }) {
  const queryString = useQueryString();
  switch (path) {
    case paths.quotes:
      return <QuotesPage transport={transport} />;
    case paths.catalogue:
      return <CataloguePage transport={transport} queryString={queryString} onQueryString={replaceQueryString} />;
    case paths.orders:
      return <OrdersPage transport={transport} queryString={queryString} onQueryString={replaceQueryString} />;
    case paths.uploads:
      return <UploadsPage model={uploads} />;
    default:
      return (
        <>
          <title>Page not found · Bourse</title>
          <h1>Page not found</h1>
          <p>
            Go to <PageLink to={paths.quotes}>Quotes</PageLink>, <PageLink to={paths.catalogue}>Catalogue</PageLink>,{" "}
            <PageLink to={paths.orders}>Orders</PageLink> or <PageLink to={paths.uploads}>Uploads</PageLink>.
          </p>
        </>
      );
  }
}
