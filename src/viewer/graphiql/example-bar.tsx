import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { EXAMPLES, type Example } from "./examples.ts";
import icon from "./icon.svg";

/** The head of the page: its name, and examples that run at a click. */
export function ExampleBar() {
  const { addTab, run, setOperationName } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const ready = useGraphiQL((state) => state.schema != null) && queryEditor !== undefined;

  const show = (example: Example) => {
    if (!queryEditor) return;
    // What somebody wrote stays in its tab.
    if (!isExpendable(queryEditor.getValue())) addTab();
    queryEditor.setValue(example.query);
    variableEditor?.setValue("");
    setOperationName(example.title);
    run();
  };

  return (
    <header className="bandloom-head">
      <a className="bandloom-name" href="/" aria-label="Bandloom, start over">
        <img src={icon} alt="" width="24" height="24" />
        <span>Bandloom</span>
      </a>
      <nav aria-label="Examples">
        <span className="bandloom-label">Try</span>
        {EXAMPLES.map((example) => (
          <button
            key={example.title}
            type="button"
            title={example.hint}
            disabled={!ready}
            onClick={() => show(example)}
          >
            {example.title}
          </button>
        ))}
      </nav>
    </header>
  );
}

function isExpendable(text: string): boolean {
  return text.trim() === "" || EXAMPLES.some(({ query }) => query === text);
}
