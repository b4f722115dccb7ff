import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./style.css";
import { GraphiQL } from "graphiql";
import { getOperationAST, parse } from "graphql";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { ExampleBar } from "./example-bar.tsx";
import { EXAMPLES } from "./examples.ts";
import { type Answer, ask, follow, gathered, type Operation, readable } from "./fetcher.ts";
import { PictureStrip } from "./picture-strip.tsx";
import { takeToken } from "./token.ts";

/** GraphiQL asks for the schema under this name. */
const INTROSPECTION = "IntrospectionQuery";

/** Events whose pictures are shown: as many tiles as one range may have. */
const MAX_EVENTS = 1024;

type Headers = Readonly<Record<string, string>> | undefined;

/** Of the text itself: the document that GraphiQL hands over may be that of the text before. */
function isStream({ query, operationName }: Operation): boolean {
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    // The server says what is wrong with it.
    return false;
  }
}

function Page() {
  const [answer, setAnswer] = useState<(Answer & { readonly number: number }) | null>(null);

  const asked = async (operation: Operation, headers: Headers) => {
    const given = await ask(operation, headers);
    if (operation.operationName === INTROSPECTION) return given.result;
    setAnswer((last) => ({ ...given, number: (last?.number ?? 0) + 1 }));
    return readable(given.result);
  };

  /** Each event is shown as it comes; the pictures of all of them stay together. */
  async function* followed(operation: Operation, headers: Headers) {
    const results: unknown[] = [];
    for await (const given of follow(operation, headers)) {
      if (results.length < MAX_EVENTS) results.push(given.result);
      const isFirst = results.length === 1;
      setAnswer((last) => ({
        result: gathered(results),
        milliseconds: isFirst || !last ? given.milliseconds : last.milliseconds,
        number: (last?.number ?? 0) + (isFirst ? 1 : 0),
      }));
      yield readable(given.result);
    }
  }

  return (
    <GraphiQL
      defaultQuery={EXAMPLES[0]?.query ?? ""}
      fetcher={(operation, options) => {
        const headers = options?.headers as Record<string, string> | undefined;
        return (isStream(operation) ? followed(operation, headers) : asked(operation, headers)) as never;
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

takeToken();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
}
