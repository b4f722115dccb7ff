import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Misbehaviour, type RangeServer, startRangeServer } from "../fixtures/range-server.ts";
import { type S3Server, startS3 } from "../fixtures/s3-server.ts";
import { type RunningServer, startServer } from "../fixtures/server.ts";
import { buildTiff, type DirectorySpec, long, TAG } from "../fixtures/tiff-builder.ts";

/** Where a server that does not answer is the subject. */
const TIMEOUT_MS = 1500;
/** Ten times the longest that an answer may take. */
const HANG_MS = 10 * TIMEOUT_MS;
/** Elsewhere: no machine stands still for so long. */
const PATIENT_MS = 60_000;
/** What is known of a remote image holds for ten seconds. */
const CHECK_INTERVAL_MS = 10_500;
const IMAGE: DirectorySpec = { width: 300, height: 200, tile: [64, 64], samples: 2, planar: true, type: "uint8" };
const TILE = "0/0/0.png?f=window(b1,0,255)";
const KEYS = ["a+b.tif", "a b.tif", "ü/図 #1?.tif", "100%.tif", "a&b=c;d.tif"];
const SECRET = "AKIDSECRETSECRET";

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly text: string;
  readonly bytes: Buffer;
  readonly etag: string | null;
}

describe("remote images of a running server", () => {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-remote-"));
  const good = buildTiff({ directories: [IMAGE] });
  const newer = buildTiff({ directories: [{ ...IMAGE, seed: 7 }] });
  const files = new Map<string, Uint8Array>([
    ["image.tif", good],
    ["replaced.tif", good],
    ["newer.tif", newer],
    ["claims.tif", buildTiff({ directories: [{ ...IMAGE, tags: { [TAG.tileByteCounts]: huge() } }] })],
  ]);
  let store: RangeServer;
  let s3: S3Server;
  let server: RunningServer;
  /** Its S3 server is the one that misbehaves. */
  let unlucky: RunningServer;
  /** It waits for no answer as long as the others. */
  let impatient: RunningServer;
  let expected: Buffer;
  /** The image that was replaced, when it lay in its place again. */
  let restored: { readonly at: number; readonly bytes: Buffer };

  beforeAll(async () => {
    [store, s3] = await Promise.all([startRangeServer(files), startS3()]);
    for (const key of KEYS) await s3.put(key, good);
    const environment = {
      BANDLOOM_ALLOWED_SOURCES: `${store.url},http://${hostname()}:1/,a.example,s3://${s3.bucket}`,
      BANDLOOM_SOURCE_TIMEOUT_MS: String(PATIENT_MS),
      BANDLOOM_S3_PATH_STYLE: "true",
    };
    server = await startServer({
      data: dataFolder("one", sources()),
      environment: { ...environment, ...s3.environment, BANDLOOM_S3_ENDPOINT: s3.endpoint },
    });
    unlucky = await startServer({
      data: dataFolder("two", {
        "slow-down": "s3://slow-down/image.tif",
        "expired-token": "s3://expired-token/image.tif",
        "access-denied": "s3://access-denied/image.tif",
      }),
      environment: {
        ...environment,
        BANDLOOM_ALLOWED_SOURCES: "s3://slow-down,s3://expired-token,s3://access-denied",
        ...{ AWS_ACCESS_KEY_ID: SECRET, AWS_SECRET_ACCESS_KEY: SECRET, AWS_REGION: "us-east-1" },
        BANDLOOM_S3_ENDPOINT: store.url,
      },
    });
    impatient = await startServer({
      data: dataFolder("three", Object.fromEntries(SILENCES.map(([one]) => [one, `${store.url}/${one}/image.tif`]))),
      environment: { ...environment, BANDLOOM_SOURCE_TIMEOUT_MS: String(TIMEOUT_MS) },
    });
    const first = await tile("good");
    expect(first.status).toBe(200);
    expected = first.bytes;
  });

  afterAll(async () => {
    await Promise.all([server?.stop(), unlucky?.stop(), impatient?.stop()]);
    await Promise.all([store?.close(), s3?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Every tile says that it has nearly 4 GiB. */
  function huge() {
    return long(...Array.from({ length: 40 }, () => 0xff_ff_ff_ff));
  }

  /** Sources by the keys of their images. */
  function sources(): Readonly<Record<string, string>> {
    const bad = [...FORBIDDEN_REDIRECTS, ...FAILURES.map(([one]) => one), "no-range", "once-503"] as const;
    return {
      good: `${store.url}/image.tif`,
      replaced: `${store.url}/replaced.tif`,
      newer: `${store.url}/newer.tif`,
      claims: `${store.url}/claims.tif`,
      ...Object.fromEntries(bad.map((one) => [one, `${store.url}/${one}/image.tif`])),
      ...Object.fromEntries(FORBIDDEN_ADDRESSES.map((address, at) => [`forbidden-${at}`, address])),
      ...Object.fromEntries(KEYS.map((key, at) => [`key-${at}`, `s3://${s3.bucket}/${key}`])),
    };
  }

  function dataFolder(name: string, images: Readonly<Record<string, string>>): string {
    const data = join(folder, name);
    mkdirSync(data);
    const entries = Object.entries(images).map(([key, source]) => `  ${key}: { source: ${JSON.stringify(source)} }\n`);
    writeFileSync(join(data, "catalogue.yaml"), `images:\n${entries.join("")}`);
    return data;
  }

  async function tile(key: string, from = server, address = TILE): Promise<Answer> {
    const answer = await fetch(`${from.url}/tiles/${key}/${address}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const text = answer.ok ? "" : bytes.toString();
    // Nobody learns from a refusal where images lie, nor with which keys they are read.
    expect(text).not.toMatch(/127\.0\.0\.1|localhost|\.tif|s3:|scans|passwd|S3RVER|AKID|\/(tmp|home|root|work)\//);
    const code = answer.ok ? "" : (JSON.parse(text) as { readonly code: string }).code;
    return { status: answer.status, code, text, bytes, etag: answer.headers.get("etag") };
  }

  const FORBIDDEN_ADDRESSES = [
    "https://127.0.0.1/image.tif",
    "https://0.0.0.0/image.tif",
    "https://[::1]/image.tif",
    "http://169.254.169.254/latest/meta-data/image.tif",
    "https://100.64.0.1/image.tif",
    "https://2130706433/image.tif",
    "https://0177.0.0.1/image.tif",
    "https://0x7f.1/image.tif",
    "https://[::ffff:127.0.0.1]/image.tif",
    "https://[2002:7f00:1::]/image.tif",
    "https://[64:ff9b::7f00:1]/image.tif",
    "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/image.tif",
    "https://[fe80::5efe:7f00:1]/image.tif",
    // Allowed, but not as a private host, which its name turns out to be.
    `http://${hostname()}:1/image.tif`,
    "https://a.example@evil.example/image.tif",
    "https://a.example.evil.example/image.tif",
    "http://a.example/image.tif",
    "s3://elsewhere/image.tif",
  ];

  it("are shown anew where they were replaced, and never half and half", async () => {
    const other = TILE.replace("b1", "b2");
    const before = await tile("replaced");
    files.set("replaced.tif", newer);
    // The server refuses chunks of the version that is known here: all is read again.
    const now = await tile("replaced", server, other);
    expect(now.bytes).toEqual((await tile("newer", server, other)).bytes);
    expect(now.bytes).not.toEqual((await tile("good", server, other)).bytes);
    // What was asked before is known anew, too.
    const later = await tile("replaced");
    expect(later.bytes).toEqual((await tile("newer")).bytes);
    expect(later.etag).not.toBe(before.etag);
    files.set("replaced.tif", good);
    restored = { at: performance.now(), bytes: before.bytes };
  });

  it.each(FORBIDDEN_ADDRESSES)("are not read from %s", async (address) => {
    const { status, code } = await tile(`forbidden-${FORBIDDEN_ADDRESSES.indexOf(address)}`);
    expect([status, code]).toEqual([403, "FORBIDDEN"]);
  });

  const FORBIDDEN_REDIRECTS = ["to-loopback", "to-file"] as const satisfies readonly Misbehaviour[];

  it.each(FORBIDDEN_REDIRECTS)("are not read where a server that is allowed leads astray: %s", async (bad) => {
    expect(await tile(bad)).toMatchObject({ status: 403, code: "FORBIDDEN" });
  });

  const FAILURES = [
    ["401", 502, "SOURCE_FAILED"],
    ["403", 502, "SOURCE_FAILED"],
    ["404", 404, "NOT_FOUND"],
    ["500", 502, "SOURCE_FAILED"],
    ["always-503", 502, "SOURCE_FAILED"],
    ["reset", 502, "SOURCE_FAILED"],
    ["short", 502, "SOURCE_FAILED"],
    ["wrong-range", 502, "SOURCE_FAILED"],
    ["more", 502, "SOURCE_FAILED"],
    ["gzip", 502, "SOURCE_FAILED"],
    ["loop", 502, "SOURCE_FAILED"],
    ["html", 422, "SOURCE_UNREADABLE"],
    ["etag-changes", 502, "SOURCE_FAILED"],
  ] as const satisfies readonly (readonly [Misbehaviour, number, string])[];
  const SILENCES = [
    ["stall", 504, "SOURCE_TIMEOUT"],
    ["trickle", 504, "SOURCE_TIMEOUT"],
  ] as const satisfies readonly (readonly [Misbehaviour, number, string])[];

  it.each([...FAILURES, ...SILENCES])(
    "tell what is wrong with a server that does %s: %i %s",
    async (bad, status, code) => {
      store.reset();
      const begun = performance.now();
      const answer = await tile(bad, SILENCES.some(([one]) => one === bad) ? impatient : server);
      expect(performance.now() - begun).toBeLessThan(HANG_MS);
      expect([answer.status, answer.code]).toEqual([status, code]);
      expect(store.requests.length).toBeLessThanOrEqual(9);
      expect((await tile("good")).bytes).toEqual(expected);
    },
  );

  it("are read from a server without ranges as a whole, and from one that fails once at the second try", async () => {
    for (const bad of ["no-range", "once-503"]) expect(await tile(bad)).toMatchObject({ status: 200, bytes: expected });
  });

  it("are refused where a tile claims gigabytes, and nobody asks the server for them", async () => {
    store.reset();
    expect(await tile("claims")).toMatchObject({ status: 422, code: "SOURCE_UNREADABLE" });
    const ends = store.requests.map((request) => Number(/-(\d+)$/.exec(request)?.[1] ?? 0));
    expect(ends.length).toBeGreaterThan(0);
    expect(Math.max(...ends)).toBeLessThan(2 ** 20);
  });

  it("have keys of any characters in a bucket", async () => {
    for (const at of KEYS.keys()) expect(await tile(`key-${at}`)).toMatchObject({ status: 200, bytes: expected });
  });

  it.each([
    ["slow-down", 502, "SOURCE_FAILED", 3],
    ["expired-token", 502, "SOURCE_FAILED", 1],
    ["access-denied", 404, "NOT_FOUND", 1],
  ] as const)("tell what is wrong with a bucket that says %s: %i %s", async (bad, status, code, requests) => {
    store.reset();
    const answer = await tile(bad, unlucky);
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(store.requests.length).toBeLessThanOrEqual(requests);
  });

  it("are shown anew once what is known of them is looked at again", async () => {
    await sleep(restored.at + CHECK_INTERVAL_MS - performance.now());
    expect(await tile("replaced")).toMatchObject({ bytes: restored.bytes });
  });
});
