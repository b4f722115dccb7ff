import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addSettingFlags } from "../../src/cli/config/flags.ts";
import { assertFits, thisMachine } from "../../src/cli/config/machine.ts";
import { readSettings } from "../../src/cli/config/read.ts";
import { SETTING_NAMES, type Settings, settingRow } from "../../src/cli/config/settings.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bandloom-settings-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.restoreAllMocks();
});

interface Layers {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly dotenv?: string;
  readonly yaml?: string;
  readonly config?: string;
}

function read({ flags = {}, environment = {}, dotenv, yaml, config }: Layers): Settings {
  if (dotenv !== undefined) writeFileSync(join(folder, ".env"), dotenv);
  if (yaml !== undefined) writeFileSync(join(folder, "bandloom.yaml"), yaml);
  return readSettings({ flags, environment, folder, ...(config ? { config } : {}) });
}

describe("settings", () => {
  it("are the defaults where nobody says anything", () => {
    expect(read({})).toEqual({
      data: join(folder, "data"),
      color: "srgb",
      catalogue: null,
      access: null,
      host: "127.0.0.1",
      port: 8080,
      role: "all",
      cache: null,
      cacheBytes: 4 * 2 ** 30,
      memoryBytes: 128 * 2 ** 20,
      redisUrl: null,
      redisCluster: false,
      redisPrefix: "bandloom:",
      redisTimeoutMs: 50,
      flightWaitMs: 250,
      stateRedisUrl: null,
      trustedProxies: null,
      adminToken: null,
      signingKeys: null,
      linkHours: null,
      workers: null,
      queueMs: 500,
      deadlineMs: 30_000,
      clientWorkers: null,
      clientSeconds: null,
      regionSide: 4096,
      connections: 8192,
      clientConnections: 2048,
      streams: 1000,
      streamIdleMs: 60_000,
      renderUrl: null,
      filesUrl: null,
      serveFiles: false,
      metricsPort: null,
      publicUrl: null,
      allowedSources: null,
      sourceTimeoutMs: 10_000,
      chunkMinutes: 60,
      remoteCacheBytes: 64 * 2 ** 20,
      s3Endpoint: null,
      s3PathStyle: false,
      tilesS3: null,
      tilesS3FromMs: 20,
      introspection: true,
      queryCost: 8000,
      operationMs: 60_000,
      logLevel: "warn",
    });
  });

  it("come from flags over environment over .env over YAML over defaults", () => {
    const layers = {
      yaml: "port: 1001\nhost: 10.0.0.1\nworkers: 1\nlog-level: info\n",
      dotenv: "BANDLOOM_PORT=1002\nBANDLOOM_HOST=10.0.0.2\nBANDLOOM_WORKERS=2\n",
      environment: { BANDLOOM_PORT: "1003", BANDLOOM_HOST: "10.0.0.3" },
      flags: { port: "1004" },
    };
    const { port, host, workers, logLevel, introspection } = read(layers);
    expect([port, host, workers, logLevel, introspection]).toEqual([1004, "10.0.0.3", 2, "info", true]);
  });

  it.each(SETTING_NAMES)("take %s from every place under the same word", (name) => {
    const { flag, env, kind } = settingRow(name);
    const text = {
      folder: "/x",
      file: "/y",
      list: "https://a.example,s3://b",
      networks: "127.0.0.1,fd00::/8",
      milliseconds: "7",
      seconds: "7",
      duration: "7",
      bucket: "s3://tiles/a/b",
      host: "h",
      port: "7",
      bytes: "7",
      threads: "7",
      connections: "7",
      side: "2048",
      deadline: "700",
      cost: "7000",
      url: "http://h",
      redis: "redis://h",
      redisNodes: "redis://h:7001,redis://i:7001",
      prefix: "p-",
      token: "0123456789abcdef",
      keys: `a:${"0f".repeat(16)}`,
      hours: "7",
      minutes: "7",
    };
    const sample = { ...text, switch: "false", level: "error", color: "stored", role: "render" }[kind];
    const numbers = {
      port: 7,
      bytes: 7,
      threads: 7,
      connections: 7,
      side: 2048,
      deadline: 700,
      cost: 7000,
      milliseconds: 7,
      seconds: 7,
      duration: 7,
      hours: 7,
      minutes: 7,
    };
    const expected =
      {
        ...numbers,
        switch: false,
        bucket: { bucket: "tiles", prefix: "a/b" },
        keys: [{ id: "a", secret: Buffer.alloc(16, 0x0f) }],
        list: ["https://a.example", "s3://b"],
        networks: ["127.0.0.1", "fd00::/8"],
      }[kind as string] ?? sample;
    expect(read({ flags: { [name]: sample } })[name]).toEqual(expected);
    expect(read({ environment: { [env]: sample } })[name]).toEqual(expected);
    expect(read({ yaml: `${flag}: ${sample}\n` })[name]).toEqual(expected);
    expect(read({ yaml: "", dotenv: `${env}=${sample}\n` })[name]).toEqual(expected);
  });

  it("take a list from YAML as a list too", () => {
    const yaml = "allowed-sources:\n  - https://a.example/open\n  - s3://scans\n";
    expect(read({ yaml }).allowedSources).toEqual(["https://a.example/open", "s3://scans"]);
    expect(() => read({ yaml: "allowed-sources: 'a,,b'\n" })).toThrow(/values with commas between them/);
  });

  it("leave the process's environment as it is", () => {
    const environment = {};
    read({ dotenv: "BANDLOOM_PORT=1\n", environment });
    expect(environment).toEqual({});
    expect(process.env.BANDLOOM_PORT).toBeUndefined();
  });

  it("take an empty variable for one that is not set", () => {
    expect(read({ environment: { BANDLOOM_PORT: "", REDIS_URL: "" } })).toMatchObject({ port: 8080, redisUrl: null });
  });

  it("are none of the variables that this project's tests read, whichever those are", () => {
    const environment = { BANDLOOM_TEST_SEED: "1", BANDLOOM_TEST_ANYTHING: "2", BANDLOOM_SHARED_DATA: "/data" };
    expect(read({ environment, dotenv: "BANDLOOM_TEST_LONG=1\n" })).toEqual(read({}));
    expect(() => read({ environment: { BANDLOOM_TESTS: "1" } })).toThrow("BANDLOOM_TESTS in the environment");
  });

  it("name folders from the working folder, those of a YAML file from where it lies", () => {
    mkdirSync(join(folder, "etc"));
    writeFileSync(join(folder, "etc", "b.yaml"), "data: images\ncache: /var/cache/bandloom\n");
    const { data, cache } = read({ config: "etc/b.yaml" });
    expect([data, cache]).toEqual([join(folder, "etc", "images"), "/var/cache/bandloom"]);
    expect(read({ environment: { BANDLOOM_DATA: "images" } }).data).toBe(join(folder, "images"));
  });

  it("read a named YAML file in place of bandloom.yaml, which need not exist", () => {
    writeFileSync(join(folder, "other.yaml"), "port: 5\n");
    const { port, host } = read({ yaml: "port: 4\nhost: 10.0.0.1\n", config: "other.yaml" });
    expect([port, host]).toEqual([5, "127.0.0.1"]);
    expect(() => read({ config: "missing.yaml" })).toThrow(/missing\.yaml does not exist/);
  });

  it.each([
    ["65536", 65_536],
    ["512MiB", 512 * 2 ** 20],
    ["1.5 GiB", 1.5 * 2 ** 30],
    ["10gb", 10e9],
    ["2K", 2048],
    ["0", 0],
  ])("read the size %s as %d bytes", (text, bytes) => {
    expect(read({ flags: { cacheBytes: text } }).cacheBytes).toBe(bytes);
  });

  it("read a switch in the words that people use", () => {
    for (const [word, value] of [
      ["no", false],
      ["off", false],
      ["0", false],
      ["on", true],
      ["TRUE", true],
    ] as const)
      expect(read({ environment: { BANDLOOM_INTROSPECTION: word } }).introspection).toBe(value);
  });
});

describe("settings that cannot be", () => {
  it.each([
    [{ environment: { BANDLOOM_PROT: "80" } }, "BANDLOOM_PROT in the environment", "Did you mean BANDLOOM_PORT?"],
    [{ dotenv: "BANDLOOM_DATTA=x\n" }, "BANDLOOM_DATTA in .env", "Did you mean BANDLOOM_DATA?"],
    [{ yaml: "cacheBytes: 1GiB\n" }, "cacheBytes in bandloom.yaml", "Did you mean cache-bytes?"],
    [{ yaml: "flavour: sweet\n" }, "flavour in bandloom.yaml", "use one of data, catalogue, host, port"],
    [{ environment: { BANDLOOM_ROLE_OF_NOTHING: "1" } }, "BANDLOOM_ROLE_OF_NOTHING", "use one of BANDLOOM_DATA"],
  ] satisfies [Layers, string, string][])("are refused by name: %j", (layers, name, advice) => {
    expect(() => read(layers)).toThrow(name);
    expect(() => read(layers)).toThrow(advice);
  });

  it("do not include variables of other programs", () => {
    expect(read({ environment: { PORT: "1", DATA: "2" }, dotenv: "DATABASE_URL=x\n" }).port).toBe(8080);
  });

  it.each([
    [{ flags: { port: "80x" } }, '--port: the value "80x"', "a whole number from 0 to 65535"],
    [{ environment: { BANDLOOM_QUERY_COST: "999" } }, "BANDLOOM_QUERY_COST", "from 1000 to 1000000"],
    [{ environment: { BANDLOOM_QUERY_COST: "1000001" } }, "BANDLOOM_QUERY_COST", "from 1000 to 1000000"],
    [{ environment: { BANDLOOM_OPERATION_MS: "99" } }, "BANDLOOM_OPERATION_MS", "from 100 to 600000"],
    [{ flags: { operationMs: "600001" } }, "--operation-ms", "from 100 to 600000"],
    [{ environment: { BANDLOOM_PORT: "65536" } }, "BANDLOOM_PORT in the environment", "such as 8080"],
    [{ dotenv: "BANDLOOM_WORKERS=0\n" }, "BANDLOOM_WORKERS in .env", "from 1 to 256"],
    [{ environment: { BANDLOOM_CACHE_BYTES: "65TiB" } }, "BANDLOOM_CACHE_BYTES in the environment", "up to 64TiB"],
    [{ flags: { regionSide: "1023" } }, '--region-side: the value "1023"', "pixels from 1024 to 8192"],
    [{ flags: { regionSide: "8193" } }, '--region-side: the value "8193"', "pixels from 1024 to 8192"],
    [{ yaml: "streams: 0\n" }, "streams in bandloom.yaml", "from 1 to 1000000"],
    [{ flags: { clientConnections: "1e9" } }, "--client-connections", "from 1 to 1000000"],
    [{ flags: { streamIdleMs: "600001" } }, "--stream-idle-ms", "from 100 to 600000"],
    [{ flags: { deadlineMs: "1" } }, "--deadline-ms", "from 100 to 600000"],
    [{ yaml: "memory-bytes: 5 parsecs\n" }, "memory-bytes in bandloom.yaml", "512MiB"],
    [{ yaml: "memory-bytes: -1\n" }, "memory-bytes in bandloom.yaml", "512MiB"],
    [{ yaml: "log-level: loud\n" }, "log-level in bandloom.yaml", "silent, error, warn, info"],
    [{ yaml: "port: [80]\n" }, "port in bandloom.yaml is a list or a map", "one value"],
    [{ flags: { publicUrl: "ftp://x" } }, "--public-url", "http or https"],
    [{ flags: { publicUrl: "https://user:pw@x/" } }, "--public-url", "without query, fragment and credentials"],
    [{ flags: { host: "" } }, "--host", "a host name"],
    [{ yaml: "just words\n" }, "bandloom.yaml holds no settings", "port: 8080"],
    [{ yaml: "port: 1\nport: 2\n" }, "bandloom.yaml is no YAML, line 2", "must be unique"],
    [{ yaml: "host: &a x\ncache: *a\n" }, "bandloom.yaml uses an alias", "Write the value itself"],
  ] satisfies [Layers, string, string][])("are refused with place and advice: %j", (layers, place, advice) => {
    expect(() => read(layers)).toThrow(place);
    expect(() => read(layers)).toThrow(advice);
  });

  it("do not show the password of a Redis URL", () => {
    expect(() => read({ environment: { REDIS_URL: "http://:hunter2@cache" } })).toThrow(
      /^REDIS_URL in the environment/,
    );
    expect(() => read({ environment: { REDIS_URL: "http://:hunter2@cache" } })).not.toThrow(/hunter2/);
  });
});

describe("settings on a machine of 4 GiB and two cores", () => {
  const MACHINE = { memory: 4 * 2 ** 30, cores: 2 };
  const asked = (environment: Readonly<Record<string, string>>) => () => assertFits(read({ environment }), MACHINE);

  it("may take all of it, and workers for sixteen", () => {
    expect(asked({})).not.toThrow();
    expect(asked({ BANDLOOM_MEMORY_BYTES: "3GiB", BANDLOOM_REMOTE_CACHE_BYTES: "1GiB" })).not.toThrow();
    expect(asked({ BANDLOOM_WORKERS: "16" })).not.toThrow();
    expect(() => assertFits(read({ flags: { workers: "64" } }), { ...MACHINE, cores: 8 })).not.toThrow();
  });

  it.each([
    [{ BANDLOOM_MEMORY_BYTES: "900GiB" }, "are 900.1 GiB together, and this program may use 4.0 GiB here"],
    [{ BANDLOOM_MEMORY_BYTES: "4GiB" }, "BANDLOOM_MEMORY_BYTES (--memory-bytes)"],
    [{ BANDLOOM_REMOTE_CACHE_BYTES: "4GiB" }, "BANDLOOM_REMOTE_CACHE_BYTES (--remote-cache-bytes)"],
    [{ BANDLOOM_WORKERS: "17" }, "is 17, and this machine has 2 cores. Write 16 at most"],
  ])("are refused when they want more: %j", (environment, reason) => {
    expect(asked(environment)).toThrow(reason);
    expect(asked(environment)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
  });

  it("are measured by what the control group allows, where that is less", () => {
    const constrained = vi.spyOn(process, "constrainedMemory").mockReturnValue(2 ** 20);
    expect(thisMachine().memory).toBe(2 ** 20);
    constrained.mockReturnValue(0);
    expect(thisMachine().memory).toBe(totalmem());
    constrained.mockReturnValue(2 ** 64);
    expect(thisMachine().memory).toBe(totalmem());
  });
});

describe("the flags of the settings", () => {
  it("arrive under the names of the table", () => {
    const command = addSettingFlags(new Command("serve")).exitOverride();
    const args = SETTING_NAMES.flatMap((name) => {
      const { flag, kind } = settingRow(name);
      return kind === "switch" ? [`--no-${flag}`] : [`--${flag}`, "x"];
    });
    expect(Object.keys(command.parse(args, { from: "user" }).opts()).sort()).toEqual([...SETTING_NAMES].sort());
  });

  it("say nothing of a switch that is not given", () => {
    expect(addSettingFlags(new Command("serve")).parse([], { from: "user" }).opts()).toEqual({});
  });
});
