import { execFileSync, spawnSync } from "node:child_process";

/** Debian package of each program that tests start. */
const NEEDED = { "redis-server": "redis-server", chromium: "chromium", nginx: "nginx", openssl: "openssl" } as const;
/** The same of those that a few tests alone use: without them these tests skip, and say why. */
const OFFERED = { strace: "strace", faketime: "faketime" } as const;

function isPresent(program: string): boolean {
  return spawnSync("sh", ["-c", 'command -v "$1"', "sh", program], { stdio: "ignore" }).status === 0;
}

function missing(packages: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(packages).flatMap(([program, name]) => (isPresent(program) ? [] : [name]));
}

/** Uses what is there and installs the rest where we are root on a Debian system. Else one list names all that is missing. */
export function ensurePrograms(): void {
  const needed = missing(NEEDED);
  const offered = missing(OFFERED);
  const packages = [...needed, ...offered];
  if (packages.length === 0) return;
  const command = `apt-get install --no-install-recommends ${packages.join(" ")}`;
  if (process.getuid?.() === 0 && isPresent("apt-get")) {
    process.stderr.write(`Installing for the tests, which takes up to a minute: ${command}\n`);
    try {
      install(packages);
      return;
    } catch (error) {
      if (needed.length > 0) throw error;
    }
  }
  if (needed.length > 0)
    throw new Error(`The tests need ${needed.join(", ")}. Install all that they use: sudo ${command}`);
  process.stderr.write(`Some tests will skip for want of ${offered.join(" and ")}: sudo ${command}\n`);
}

function install(packages: readonly string[]): void {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const run = (...args: readonly string[]) =>
    execFileSync("apt-get", args, { env: environment, stdio: ["ignore", "ignore", "inherit"] });
  run("update", "-qq");
  run("install", "-y", "-qq", "--no-install-recommends", ...packages);
}
