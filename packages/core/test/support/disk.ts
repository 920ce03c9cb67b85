import { Error as PlatformError, FileSystem } from "@effect/platform"
import { Effect, Option } from "effect"

/** A file's bytes, and how many of them survive a loss of power. */
interface Inode {
  bytes: Uint8Array
  synced: number
  mode: number
}

/** An in-memory disk that can kill its process at any byte it writes, and that can lose power. */
export class Disk {
  entries = new Map<string, Inode>()
  /** The directory entries that survive a loss of power. */
  private durable = new Map<string, Inode>()
  /** The changes made, in order. */
  readonly log: Array<string> = []
  /** The number of steps before each change of the log. */
  readonly begins: Array<number> = []
  /** The sizes of the chunks that were read and written. */
  readonly pieces: Array<number> = []
  /** The steps left until the process is killed: a written byte is one, and so is every other change. */
  left = Number.POSITIVE_INFINITY
  canSyncDirectories = true

  get steps(): number {
    return this.taken
  }
  private taken = 0

  /** Kills the process that uses the disk after the given number of steps. */
  killAfter(steps: number): void {
    this.left = steps
  }

  /** Lets another process use the disk. */
  revive(): void {
    this.left = Number.POSITIVE_INFINITY
  }

  losePower(): void {
    for (const inode of [...this.entries.values(), ...this.durable.values()]) {
      inode.bytes = inode.bytes.slice(0, inode.synced)
    }
    this.entries = new Map(this.durable)
  }

  copy(): Disk {
    const copy = new Disk()
    const inodes = new Map<Inode, Inode>()
    const of = (inode: Inode) => {
      const same = inodes.get(inode) ?? { ...inode }
      inodes.set(inode, same)
      return same
    }
    copy.entries = new Map(Array.from(this.entries, ([name, inode]) => [name, of(inode)]))
    copy.durable = new Map(Array.from(this.durable, ([name, inode]) => [name, of(inode)]))
    return copy
  }

  text(path: string): string {
    return new TextDecoder().decode(this.entries.get(path)?.bytes)
  }

  put(path: string, text: string, mode = 0o600): void {
    const bytes = new TextEncoder().encode(text)
    const inode = { bytes, synced: bytes.length, mode }
    this.entries.set(path, inode)
    this.durable.set(path, inode)
  }

  /** Takes as many of the steps as the process lives for, and dies if it was killed before the last. */
  private change(what: string, steps: number, take: (steps: number) => void): Effect.Effect<void> {
    return Effect.suspend(() => {
      const possible = Math.min(steps, this.left)
      this.left -= possible
      this.taken += possible
      if (possible > 0) {
        this.log.push(what)
        this.begins.push(this.taken - possible)
        take(possible)
      }
      return possible < steps ? Effect.die("killed") : Effect.void
    })
  }

  private find(method: string, path: string): Effect.Effect<Inode, PlatformError.PlatformError> {
    return Effect.suspend(() => {
      const inode = this.entries.get(path)
      return inode === undefined ? failed(method, path, "NotFound") : Effect.succeed(inode)
    })
  }

  private file(path: string, inode: Inode): FileSystem.File {
    let position = 0
    return {
      [FileSystem.FileTypeId]: FileSystem.FileTypeId,
      ...unused,
      sync: this.change(`sync ${path}`, 1, () => inode.synced = inode.bytes.length),
      readAlloc: (size) =>
        Effect.sync(() => {
          const bytes = inode.bytes.slice(position, position + Number(size))
          position += bytes.length
          if (bytes.length > 0) this.pieces.push(bytes.length)
          return bytes.length === 0 ? Option.none() : Option.some(bytes)
        }),
      writeAll: (bytes) =>
        this.change(`write ${path}`, bytes.length, (count) => {
          this.pieces.push(count)
          const joined = new Uint8Array(inode.bytes.length + count)
          joined.set(inode.bytes)
          joined.set(bytes.subarray(0, count), inode.bytes.length)
          inode.bytes = joined
        })
    }
  }

  private create(path: string, mode: number | undefined): Effect.Effect<Inode> {
    const inode: Inode = { bytes: new Uint8Array(), synced: 0, mode: mode ?? 0o666 }
    return Effect.as(this.change(`create ${path}`, 1, () => this.entries.set(path, inode)), inode)
  }

  readonly files: FileSystem.FileSystem = FileSystem.makeNoop({
    realPath: (path) => path === directory ? Effect.succeed(path) : Effect.as(this.find("realPath", path), path),
    exists: (path) => Effect.sync(() => this.entries.has(path)),
    stat: (path) => Effect.map(this.find("stat", path), ({ mode }) => ({ ...information, mode })),
    chmod: (path, mode) =>
      Effect.flatMap(this.find("chmod", path), (inode) => this.change(`chmod ${path}`, 1, () => inode.mode = mode)),
    readFileString: (path) => Effect.map(this.find("readFileString", path), () => this.text(path)),
    open: (path, options) => {
      if (path === directory) {
        return this.canSyncDirectories
          ? Effect.succeed({
            ...this.file(path, { bytes: new Uint8Array(), synced: 0, mode: 0 }),
            sync: this.change("sync directory", 1, () => this.durable = new Map(this.entries))
          })
          : failed("open", path, "PermissionDenied")
      }
      const inode = this.entries.get(path)
      if ((options?.flag === "ax" || options?.flag === "wx") && inode !== undefined) {
        return failed("open", path, "AlreadyExists")
      }
      if (inode !== undefined) return Effect.succeed(this.file(path, inode))
      if (options?.flag !== undefined && options.flag !== "r") {
        return Effect.map(this.create(path, options.mode), (inode) => this.file(path, inode))
      }
      return failed("open", path, "NotFound")
    },
    link: (from, to) =>
      this.entries.has(to)
        ? failed("link", to, "AlreadyExists")
        : Effect.flatMap(
          this.find("link", from),
          (inode) => this.change(`link ${to}`, 1, () => this.entries.set(to, inode))
        ),
    rename: (from, to) =>
      Effect.flatMap(this.find("rename", from), (inode) =>
        this.change(`rename ${from} ${to}`, 1, () => {
          this.entries.set(to, inode)
          this.entries.delete(from)
        })),
    remove: (path) =>
      Effect.flatMap(
        this.find("remove", path),
        () => this.change(`remove ${path}`, 1, () => this.entries.delete(path))
      )
  })
}

/** The only directory. */
export const directory = "/data"

const failed = (method: string, path: string, reason: PlatformError.SystemErrorReason) =>
  Effect.fail(
    new PlatformError.SystemError({ module: "FileSystem", method, reason, pathOrDescriptor: path, description: reason })
  )

const information: FileSystem.File.Info = {
  type: "File",
  mtime: Option.none(),
  atime: Option.none(),
  birthtime: Option.none(),
  dev: 1,
  ino: Option.none(),
  mode: 0o600,
  nlink: Option.none(),
  uid: Option.none(),
  gid: Option.none(),
  rdev: Option.none(),
  size: FileSystem.Size(0),
  blksize: Option.none(),
  blocks: Option.none()
}

const never = Effect.die("not asked")

const unused = {
  fd: FileSystem.FileDescriptor(0),
  stat: never,
  seek: () => never,
  read: () => never,
  truncate: () => never,
  write: () => never
}
