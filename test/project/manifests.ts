import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/** Every document of a file below deploy/. Throws for YAML with errors or keys that stand twice. */
export function documents(name: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(`${ROOT}deploy/${name}`, "utf8")).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as Manifest;
  });
}

/** Where `kubernetes-types` has the type of each kind that we use; it is made of Kubernetes' own OpenAPI description. */
const MODULES: Readonly<Record<string, string>> = {
  v1: "core/v1",
  "apps/v1": "apps/v1",
  "autoscaling/v2": "autoscaling/v2",
  "policy/v1": "policy/v1",
  "networking.k8s.io/v1": "networking/v1",
};

/**
 * What Kubernetes would not understand of manifests: keys that it does not know, values of a wrong type. The compiler finds both when each manifest
 * is written as a literal of its type, as strict as `kubectl apply --validate=strict`.
 */
export function misunderstood(manifests: readonly unknown[]): readonly string[] {
  const source = (manifests as readonly Manifest[])
    .map(({ apiVersion, kind, ...rest }, at) => {
      const module = MODULES[apiVersion];
      if (module === undefined) throw new Error(`No types are known of ${apiVersion}.`);
      const literal = JSON.stringify({ apiVersion, kind, ...rest }, null, 1);
      return `import type { ${kind} as Kind${at} } from "kubernetes-types/${module}";\nexport const m${at}: Kind${at} = ${literal};`;
    })
    .join("\n");
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, types: [] },
    // Nothing of the browser: half the time.
    lib: ["lib.es2022.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const file = `${ROOT}test/project/manifests.generated.ts`;
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, language, ...others) =>
    name === file ? ts.createSourceFile(name, source, language) : getSourceFile.call(host, name, language, ...others);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([file], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
}
