import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./style.css";
import { GraphiQL } from "graphiql";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { ExampleBar } from "./example-bar.tsx";
import { EXAMPLES } from "./examples.ts";
import { type Answer, ask, readable } from "./fetcher.ts";
import { PictureStrip } from "./picture-strip.tsx";

/** GraphiQL asks for the schema under this name. */
const INTROSPECTION = "IntrospectionQuery";

function Page() {
  const [answer, setAnswer] = useState<(Answer & { readonly number: number }) | null>(null);

  return (
    <GraphiQL
      defaultQuery={EXAMPLES[0]?.query ?? ""}
      fetcher={async (operation, options) => {
        const given = await ask(operation, options?.headers as Record<string, string> | undefined);
        if (operation.operationName === INTROSPECTION) return given.result as never;
        setAnswer((last) => ({ ...given, number: (last?.number ?? 0) + 1 }));
        return readable(given.result) as never;
      }}
    >
      <ExampleBar />
      <GraphiQL.Logo>
        <span />
      </GraphiQL.Logo>
      <GraphiQL.Footer>{answer && <PictureStrip key={answer.number} {...answer} />}</GraphiQL.Footer>
    </GraphiQL>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
}
