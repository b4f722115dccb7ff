/** Chunks along each side of a neighbourhood: tiles that straddle a chunk border mostly stay with one worker. */
const NEIGHBOURHOOD = 2;

/** Names the neighbourhood of a chunk of a level: work with the same name wants the worker that has its chunks decoded. */
export function neighbourhood(revision: string, level: number, chunkX: number, chunkY: number): string {
  return `${revision}/${level}/${Math.floor(chunkX / NEIGHBOURHOOD)}/${Math.floor(chunkY / NEIGHBOURHOOD)}`;
}

/**
 * Rendezvous hashing (Thaler and Ravishankar 1998): each worker's score for the name is a hash of both, the highest wins. When the
 * number of workers changes, only the work of the workers that came or went moves.
 */
export function rendezvous(name: string, workers: number): number {
  const seed = fnv1a(name);
  let best = 0;
  let bestScore = -1;
  for (let worker = 0; worker < workers; worker++) {
    const score = mix(seed ^ Math.imul(worker + 1, 0x9e3779b1));
    if (score > bestScore) {
      best = worker;
      bestScore = score;
    }
  }
  return best;
}

/** FNV-1a, 32 bits, over UTF-16 code units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** Final mixing of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
