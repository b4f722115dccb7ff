/** Where an image of the data folder lies. */
export interface OriginalEntry {
  readonly key: string;
  /** In the data folder. */
  readonly path: string;
  /** The image is a folder. */
  readonly folder: boolean;
}

/** A file of an image, open at one version. */
export interface Original {
  /** Bytes. */
  readonly size: number;
  /** Identity of its bytes, hex: the revision of an image that is this one file. */
  readonly revision: string;
  /** `length` bytes from `offset`, in parts; throws before the last of them when the file has changed. */
  read(offset: number, length: number): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

/** The files of images as they are stored, for processes that have no disk with them. */
export interface Originals {
  /** Sorted by key. */
  list(): Promise<readonly OriginalEntry[]>;
  /** Keys of the images that a name of a file belongs to; none where there is no such image. */
  owners(name: string): Promise<readonly string[]>;
  /** By path in the data folder or by key of an image that is one file. NOT_FOUND for anything else. */
  open(name: string): Promise<Original>;
}
