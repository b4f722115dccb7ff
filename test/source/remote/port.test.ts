import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isSourceChanged } from "../../../src/source/identity.ts";
import { connectRemote, type ProcessRemote, serveRemote } from "../../../src/source/remote/index.ts";
import type { Remote } from "../../../src/source/remote/types.ts";
import { type RangeServer, startRangeServer } from "../../fixtures/range-server.ts";
import { closing, digest, failure, pattern, remoteFor, until } from "./support.ts";

const image = pattern(300_000);
let server: RangeServer;
let here: ProcessRemote;
let there: Remote;
let channel: MessageChannel;

beforeEach(async () => {
  server = closing(
    await startRangeServer(
      new Map([
        ["image.tif", image],
        ["large", new Uint8Array(4_000_000)],
      ]),
    ),
  );
  here = remoteFor(server.url);
  channel = new MessageChannel();
  serveRemote(channel.port1, here);
  there = connectRemote(channel.port2);
});
afterEach(() => channel.port1.close());

const at = (path: string) => `${server.url}/${path}`;

describe("a Remote at the other end of a port", () => {
  it("answers as the Remote itself", async () => {
    const stamp = await there.open(at("image.tif"));
    expect(stamp).toEqual(await here.open(at("image.tif")));
    expect(await there.stat(at("image.tif"))).toEqual(stamp);
    if (!stamp) throw new Error("There is nothing.");
    const ranges = [0, 70_000, 299_990].map((offset) => ({ offset, length: 10 }));
    for (let time = 0; time < 2; time++) {
      const found = await there.read(stamp, ranges);
      expect(digest(found)).toEqual(digest(ranges.map(({ offset }) => image.slice(offset, offset + 10))));
    }
    for (let time = 0; time < 2; time++) {
      const blob = await there.get(at("image.tif"), 1e6);
      expect(blob?.stamp).toEqual(stamp);
      expect(digest(blob?.bytes)).toEqual(digest(image));
    }
    expect([await there.open(at("no")), await there.stat(at("no")), await there.get(at("no"), 1)]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it("answers many calls at a time, each its own", async () => {
    const stamp = await there.open(at("image.tif"));
    if (!stamp) throw new Error("There is nothing.");
    const offsets = Array.from({ length: 100 }, (_, index) => (index * 7919) % 299_000);
    const found = await Promise.all(offsets.map((offset) => there.read(stamp, [{ offset, length: 100 }])));
    expect(digest(found.flat())).toEqual(digest(offsets.map((offset) => image.slice(offset, offset + 100))));
  });

  it("does not warn of those who wait for much", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => {
      if (warning.name === "MaxListenersExceededWarning") warnings.push(warning);
    };
    process.on("warning", onWarning);
    try {
      const { signal } = new AbortController();
      const large = await here.open(at("large"));
      if (!large) throw new Error("There is nothing.");
      const ranges = Array.from({ length: 20 }, (_, index) => ({ offset: 150_000 * (index + 1), length: 1 }));
      await here.read(large, ranges, signal);
      await Promise.all(ranges.map((range) => there.read(large, [range], signal)));
      await new Promise(setImmediate);
      expect(warnings).toEqual([]);
    } finally {
      process.off("warning", onWarning);
    }
  });

  it("rejects with the same errors", async () => {
    expect(await failure(there.open("https://elsewhere.example/x"))).toMatchObject({ code: "FORBIDDEN" });
    expect(await failure(there.get(at("image.tif"), 9))).toMatchObject({ code: "SOURCE_UNREADABLE" });
    const stamp = await there.open(at("etag-changes/image.tif"));
    if (!stamp) throw new Error("There is nothing.");
    const error = await failure(there.read(stamp, [{ offset: 200_000, length: 9 }]));
    expect(isSourceChanged(error)).toBe(true);
    expect(error.message).toBe((await failure(here.read(stamp, [{ offset: 200_000, length: 9 }]))).message);
  });

  it("carries over that the caller has left", async () => {
    const leaving = new AbortController();
    const left = there.open(at("stall/image.tif"), leaving.signal).catch((error: Error) => error.message);
    await until(() => server.requests.length === 1);
    leaving.abort(new Error("I have left."));
    expect(await left).toBe("I have left.");
    await until(() => server.aborted() === 1);
    expect(await there.open(at("stall/image.tif"), leaving.signal).catch((error: Error) => error.message)).toBe(
      "I have left.",
    );
    expect(server.requests).toHaveLength(1);
  });

  it("rejects all that wait when the port closes, and all that comes after", async () => {
    const waiting = failure(there.open(at("stall/image.tif")));
    await until(() => server.requests.length === 1);
    channel.port1.close();
    expect(await waiting).toMatchObject({ code: "OVERLOADED" });
    await until(() => server.aborted() === 1);
    expect(await failure(there.open(at("image.tif")))).toMatchObject({ code: "OVERLOADED" });
  });
});
