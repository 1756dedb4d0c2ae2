import { useEffect, useRef, useState } from "react";
import { CataloguePage } from "../features/catalogue/catalogue-page.tsx";
import { OrdersPage } from "../features/orders/orders-page.tsx";
import { QuotesPage } from "../features/quotes/quotes-page.tsx";
import { UploadsPage } from "../features/uploads/uploads-page.tsx";
import { UploadsSession } from "../features/uploads/uploads-session.ts";
import { UploadsShare } from "../features/uploads/uploads-share.tsx";
import { paths, replaceSearch, usePath, useSearch } from "./navigation.ts";
import { PageLink } from "./page-link.tsx";
import { ThemeToggle } from "./theme-toggle.tsx";
import { transport } from "./transport.ts";
import "./app.css";

/** The shell around the pages. */
export function App() {
  const path = usePath();
  const [uploads] = useState(() => new UploadsSession(transport));
  useEffect(() => uploads.start(), [uploads]);
  const main = useRef<HTMLElement>(null);
  const shownPath = useRef(path);
  useEffect(() => {
    if (shownPath.current === path) return;
    shownPath.current = path;
    main.current?.focus(); // So that the keyboard and a screen reader go on at the new page.
  }, [path]);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
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
            <UploadsShare queue={uploads.queue} />
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

function Page({ path, uploads }: { path: string; uploads: UploadsSession }) {
  const search = useSearch();
  switch (path) {
    case paths.quotes:
      return <QuotesPage transport={transport} />;
    case paths.catalogue:
      return <CataloguePage transport={transport} search={search} onSearch={replaceSearch} />;
    case paths.orders:
      return <OrdersPage transport={transport} search={search} onSearch={replaceSearch} />;
    case paths.uploads:
      return <UploadsPage session={uploads} />;
    default:
      return (
        <>
          <title>Not found · Bourse</title>
          <h1>There is no such page</h1>
          <p>
            There are <PageLink to={paths.quotes}>quotes</PageLink>, the{" "}
            <PageLink to={paths.catalogue}>catalogue</PageLink>, <PageLink to={paths.orders}>orders</PageLink> and{" "}
            <PageLink to={paths.uploads}>uploads</PageLink>.
          </p>
        </>
      );
  }
}
