import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe("package-lock.json", () => {
  const packages = Object.entries((JSON.parse(read("package-lock.json")) as Lockfile).packages);

  it("holds no download address, so that every network's own registry serves", () => {
    expect(packages.filter(([, one]) => one.resolved?.startsWith("http")).map(([name]) => name)).toEqual([]);
  });

  it("holds the checksum of every package", () => {
    expect(packages.filter(([name, one]) => name !== "" && !one.integrity).map(([name]) => name)).toEqual([]);
  });

  it("holds every optional package that it names, without which npm ci refuses to run", () => {
    const paths = new Set(packages.map(([path]) => path));
    const missing = packages.flatMap(([path, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {}).filter(
        (name) => !paths.has(`${path}/node_modules/${name}`) && !paths.has(`node_modules/${name}`),
      ),
    );
    expect(missing).toEqual([]);
  });
});

describe("package.json", () => {
  it("names exact versions only", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
      string,
      Record<string, string>
    >;
    const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d/.test(version),
    );
    expect(ranges).toEqual([]);
  });
});
