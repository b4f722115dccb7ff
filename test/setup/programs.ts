import { execFileSync, spawnSync } from "node:child_process";

/** Debian package of each program that tests start. */
const PACKAGES = {
  "redis-server": "redis-server",
  chromium: "chromium",
  nginx: "nginx",
  openssl: "openssl",
  strace: "strace",
  faketime: "faketime",
} as const;
export type Program = keyof typeof PACKAGES;

function isPresent(program: string): boolean {
  return spawnSync("sh", ["-c", 'command -v "$1"', "sh", program], { stdio: "ignore" }).status === 0;
}

function missing(programs: readonly Program[]): readonly string[] {
  return programs.filter((program) => !isPresent(program)).map((program) => PACKAGES[program]);
}

const mayInstall = () => process.getuid?.() === 0 && isPresent("apt-get");
const command = (packages: readonly string[]) => `apt-get install -y ${packages.join(" ")}`;

/** Uses what is there, installs the rest where we are root on a Debian system, else names what is missing. */
export function ensurePrograms(programs: readonly Program[]): void {
  const packages = missing(programs);
  if (packages.length === 0) return;
  if (!mayInstall()) {
    throw new Error(`The tests need ${packages.join(" and ")}. Install with: sudo ${command(packages)}`);
  }
  install(packages);
}

/** The same for what a few tests alone use: without it they skip, and say why. */
export function offerPrograms(programs: readonly Program[]): void {
  const packages = missing(programs);
  if (packages.length === 0) return;
  try {
    if (mayInstall()) {
      install(packages);
      return;
    }
  } catch {
    // No network, or another Debian.
  }
  process.stderr.write(`Some tests will skip for want of ${packages.join(" and ")}: sudo ${command(packages)}\n`);
}

function install(packages: readonly string[]): void {
  process.stderr.write(`Installing ${packages.join(", ")} for the tests …\n`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["update", "-qq"], { env: environment, stdio: ["ignore", "ignore", "inherit"] });
  execFileSync("apt-get", ["install", "-y", "-qq", ...packages], {
    env: environment,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
