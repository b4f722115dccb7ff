import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Bucket } from "../../src/cache/s3/bucket.ts";
import { findDoor } from "../../src/cache/s3/door.ts";
import { type SignedS3, type SignedS3Options, startSignedS3 } from "../fixtures/signed-s3.ts";
import { PATIENCE_MS, temporaryFolder } from "./support.ts";

const SOON = () => AbortSignal.timeout(PATIENCE_MS);
const AMAZON = { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: "eu-west-1" };

afterEach(() => {
  vi.unstubAllEnvs();
});

function setEnvironment(variables: Readonly<Record<string, string>>): void {
  vi.unstubAllEnvs();
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

async function server(options: SignedS3Options = {}): Promise<{ readonly s3: SignedS3; readonly bucket: Bucket }> {
  const s3 = await startSignedS3(options);
  setEnvironment(s3.environment);
  const bucket = new Bucket(s3.bucket, { endpoint: s3.endpoint, pathStyle: true }, 4);
  onTestFinished(async () => {
    await bucket.close();
    await s3.close();
  });
  return { s3, bucket };
}

async function read(bucket: Bucket, key: string): Promise<string> {
  return (await bucket.send({ method: "GET", key }, SOON())).body.text();
}

describe("the address of a bucket", () => {
  it.each([
    ["by host at Amazon", "tiles", {}, {}, "https://tiles.s3.eu-west-1.amazonaws.com/"],
    ["by path at Amazon", "tiles", { pathStyle: true }, {}, "https://s3.eu-west-1.amazonaws.com/tiles"],
    ["by path where no certificate has its name", "a.b", {}, {}, "https://s3.eu-west-1.amazonaws.com/a.b"],
    ["in the region that is set", "tiles", { region: "us-east-2" }, {}, "https://tiles.s3.us-east-2.amazonaws.com/"],
    [
      "by host at another server",
      "tiles",
      { endpoint: "https://s3.example:8443/" },
      {},
      "https://tiles.s3.example:8443/",
    ],
    [
      "below a path of another server",
      "tiles",
      { endpoint: "http://s3.example:9000/x/y/", pathStyle: true },
      {},
      "http://s3.example:9000/x/y/tiles",
    ],
    [
      "where the environment of the SDK says",
      "tiles",
      { pathStyle: true },
      { AWS_ENDPOINT_URL_S3: "http://s3.example:9000" },
      "http://s3.example:9000/tiles",
    ],
  ])("is %s", async (_, bucket, options, variables, address) => {
    setEnvironment({ ...AMAZON, ...variables });
    expect((await findDoor(bucket, options)).url.href).toBe(address);
  });

  it("is not that of a directory bucket, which wants sessions", async () => {
    await expect(findDoor("tiles--use1-az4--x-s3", {})).rejects.toThrow(/directory buckets are not supported/);
  });
});

describe("a signed request", () => {
  it.each(["plain", "a b/ü+(1)!/c", "~it's*50%&=?#", "a//b/../c"])("names the object %s", async (key) => {
    const { s3, bucket } = await server();
    await bucket.send({ method: "PUT", key, body: Buffer.from("hello"), contentType: "text/x" }, SOON());
    expect(s3.requests).toEqual([{ method: "PUT", key, range: null, type: "text/x" }]);
    expect(await read(bucket, key)).toBe("hello");
  });

  it("goes below the path of the server", async () => {
    const { s3, bucket } = await server({ base: "/x/y", files: { "a/b": Buffer.from("hello") } });
    expect(s3.endpoint).toMatch(/\/x\/y$/);
    expect(await read(bucket, "a/b")).toBe("hello");
  });

  it("goes to the region that the bucket turns out to be in, and from then on at once", async () => {
    const { s3, bucket } = await server({ files: { a: Buffer.from("hello") } });
    setEnvironment({ ...s3.environment, AWS_REGION: "us-east-1" });
    const signal = SOON();
    const first = await Promise.all([1, 2, 3].map(() => bucket.send({ method: "GET", key: "a" }, signal)));
    expect(await Promise.all(first.map(({ body }) => body.text()))).toEqual(["hello", "hello", "hello"]);
    const asked = s3.requests.length;
    expect(await read(bucket, "a")).toBe("hello");
    expect(s3.requests).toHaveLength(asked + 1);
  });

  it("bears the date of the server where the clocks differ", async () => {
    const { s3, bucket } = await server({ aheadMs: 3_600_000, files: { a: Buffer.from("hello") } });
    expect([await read(bucket, "a"), await read(bucket, "a")]).toEqual(["hello", "hello"]);
    expect(s3.requests).toHaveLength(3);
  });

  it("is signed with the newest of credentials that expire, and with their token", async () => {
    const { s3, bucket } = await server({ files: { a: Buffer.from("hello") } });
    const folder = temporaryFolder();
    const [answer, profile] = [join(folder, "answer.json"), join(folder, "config")];
    const grant = (secret = "") =>
      writeFileSync(
        answer,
        JSON.stringify({
          Version: 1,
          AccessKeyId: s3.environment.AWS_ACCESS_KEY_ID,
          SecretAccessKey: secret,
          SessionToken: "a token",
          Expiration: new Date(Date.now() + 60_000).toISOString(),
        }),
      );
    writeFileSync(
      profile,
      `[profile soon]\nregion = ${s3.environment.AWS_REGION}\ncredential_process = cat ${answer}\n`,
    );
    chmodSync(profile, 0o600);
    setEnvironment({ AWS_PROFILE: "soon", AWS_CONFIG_FILE: profile, AWS_SHARED_CREDENTIALS_FILE: profile });
    grant("wrong");
    await expect(read(bucket, "a")).rejects.toMatchObject({ code: "SignatureDoesNotMatch", status: 403 });
    grant(s3.environment.AWS_SECRET_ACCESS_KEY);
    // They are fetched beside the request that finds them old.
    await expect.poll(() => read(bucket, "a").catch(() => "")).toBe("hello");
  });

  it("is not repeated when it is refused", async () => {
    const { s3, bucket } = await server();
    s3.misbehave("slow-down");
    await expect(read(bucket, "a")).rejects.toMatchObject({ code: "SlowDown", status: 503 });
    expect(s3.requests).toHaveLength(1);
  });
});
