const MAX_PATH = 4096;

/** A relative path of plain names: none that stands for another folder, another drive, or nothing, and no half characters. */
export function isPlainPath(path: string): boolean {
  if (path === "" || path.length > MAX_PATH || /[\p{Cc}\p{Cs}\\]/u.test(path)) return false;
  return path.split("/").every((name) => name !== "" && name !== "." && name !== "..");
}
