import { Effect } from "effect"
import * as Server from "./server.js"

export interface Token {
  readonly namespace: string
  /** The paths that its policies allow it to read, such as `secret/data/team/exchanges`. */
  readonly paths: ReadonlyArray<string>
  /** Epoch milliseconds. */
  readonly endsAt: number
}

export interface Role {
  readonly namespace: string
  readonly jwts: Set<string>
  readonly paths: ReadonlyArray<string>
  /** In seconds. Zero means that it does not expire. */
  readonly lease: number
}

export type Version = { readonly data: Readonly<Record<string, unknown>>; deletedAt?: string | undefined }

/**
 * A server that responds as Vault 1.15 does: seal, tokens with expiry, namespaces, policies, versions and Kubernetes
 * logins.
 */
export const start = Effect.gen(function*() {
  const state = {
    sealed: false,
    tokens: new Map<string, Token>(),
    /** By `{mount}/{role}`. */
    roles: new Map<string, Role>(),
    /** By namespace and API path: `team-a secret/data/exchanges`. */
    secrets: new Map<string, Array<Version>>(),
    mounts: new Set(["secret"]),
    logins: 0
  }
  const server = yield* Server.start((request) =>
    Effect.map(Effect.clock, (clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      const namespace = (request.headers["x-vault-namespace"] ?? "").replaceAll(/^\/|\/$/g, "")
      if (state.sealed) return errors(503, "Vault is sealed")
      const path = decodeURIComponent(request.path.replace(/^\/v1\//, "").replace(/\?.*$/, ""))
      const login = /^auth\/(.+)\/login$/.exec(path)
      if (login !== null) {
        return request.method === "POST" ? logIn(login[1] ?? "", namespace, request.body, now) : errors(405)
      }
      const token = state.tokens.get(request.headers["x-vault-token"] ?? "")
      if (token === undefined || token.endsAt <= now || token.namespace !== namespace) {
        return errors(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
      }
      if (!token.paths.includes(path)) return errors(403, "1 error occurred:\n\t* permission denied\n\n")
      if (request.method !== "GET") return errors(405, "unsupported operation")
      if (!state.mounts.has(path.split("/", 1).join(""))) {
        return errors(404, `no handler for route "${path}". route entry not found.`)
      }
      return read(`${namespace} ${path}`)
    })
  )

  const logIn = (mount: string, namespace: string, body: string, now: number): Server.Reply => {
    const { jwt, role: name }: { readonly jwt?: string; readonly role?: string } = JSON.parse(body)
    const role = state.roles.get(`${mount}/${name}`)
    if (role === undefined || role.namespace !== namespace) return errors(400, `invalid role name "${name}"`)
    if (!role.jwts.has(jwt ?? "")) return errors(403, "permission denied")
    state.logins++
    const client_token = `hvs.CAESI-CANARY-login-${state.logins}-0f1e2d3c4b5a6978`
    state.tokens.set(client_token, {
      namespace,
      paths: role.paths,
      endsAt: role.lease === 0 ? Number.POSITIVE_INFINITY : now + role.lease * 1000
    })
    return Server.json(200, {
      ...envelope,
      data: null,
      auth: {
        client_token,
        accessor: "0e9e354a-520f-df04-6867-ee81cae3d42d",
        policies: ["default", "exchanges"],
        token_policies: ["default", "exchanges"],
        metadata: { role: name, service_account_name: "trader", service_account_namespace: "default" },
        lease_duration: role.lease,
        renewable: true,
        entity_id: "c34f9f1a-8b32-4a1b-9b3f-2f7b4c1d5e6f",
        token_type: "service",
        orphan: true,
        mfa_requirement: null,
        num_uses: 0
      }
    })
  }

  const read = (key: string): Server.Reply => {
    const versions = state.secrets.get(key) ?? []
    const latest = versions.at(-1)
    if (latest === undefined) return errors(404)
    const metadata = {
      created_time: "2026-01-02T03:04:05.678901234Z",
      custom_metadata: null,
      deletion_time: latest.deletedAt ?? "",
      destroyed: false,
      version: versions.length
    }
    return latest.deletedAt === undefined
      ? Server.json(200, { ...envelope, data: { data: latest.data, metadata }, auth: null })
      : Server.json(404, { ...envelope, data: { data: null, metadata }, auth: null })
  }

  const write = (key: string, data: Readonly<Record<string, unknown>>) => {
    state.secrets.set(key, [...state.secrets.get(key) ?? [], { data }])
  }

  return { ...server, state, write }
})

const envelope = {
  request_id: "9c5f8f0e-2c0f-4c63-a3f4-9d8f5b1d0a11",
  lease_id: "",
  renewable: false,
  lease_duration: 0,
  wrap_info: null,
  warnings: null,
  mount_type: "kv"
}

export const errors = (status: number, ...errors: ReadonlyArray<string>): Server.Reply =>
  Server.json(status, { errors })
