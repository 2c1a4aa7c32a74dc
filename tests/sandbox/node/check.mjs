// The official JavaScript client does every operation of its README's tables that the sandbox
// imitates. The README is that of the installed client: an operation that it lists and this file
// neither does nor leaves out with a reason fails the check. How to run it: README.md beside.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { OpenMeter } from '@openmeter/sdk'

const NAMESPACES = ['meters', 'features', 'plans', 'addons', 'notifications', 'billing', 'apps', 'customers', 'subscriptions']
const ONE_SUBSCRIPTION = 'plans are rehearsed on the sandbox, not single subscriptions'
const INVOICES = 'no usage, so no invoices'
const NO_STRIPE = 'needs an account at Stripe'
const SINGLE_ENTITLEMENTS = 'entitlements come with plans on the sandbox'
const NOT_IMITATED = [
  [/^subscriptions\.(edit|delete|unscheduleCancelation)$/, ONE_SUBSCRIPTION],
  [/^billing\.invoices\./, INVOICES],
  [/^apps\.customInvoicing\./, INVOICES],
  [/^(apps|customers)\.stripe\./, NO_STRIPE],
  [/^apps\.marketplace\.(getOauth2InstallUrl|authorizeOauth2)$/, 'no app is installed by OAuth2'],
  [/^customers\.apps\./, NO_STRIPE],
  [/^customers\.entitlements(V1)?\./, SINGLE_ENTITLEMENTS],
]

const done = new Set()
const client = new OpenMeter({ baseUrl: process.argv[2] ?? process.env.OPENMETER_URL })

/** Calls an operation by the name it has in the README, and remembers it. */
function call(name, ...args) {
  const path = name.split('.')
  const method = path.pop()
  const owner = path.reduce((at, part) => at[part], client)
  done.add(name)
  return owner[method](...args)
}

function documented() {
  const entry = createRequire(import.meta.url).resolve('@openmeter/sdk')
  let folder = dirname(entry)
  while (!folder.endsWith(join('@openmeter', 'sdk'))) folder = dirname(folder)
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const names = [...readme.matchAll(/`openmeter\.([\w.]+)\(/g)].map((found) => found[1])
  return [...new Set(names)].filter((name) => NAMESPACES.includes(name.split('.')[0]))
}

async function refused(status, promise) {
  await assert.rejects(promise, (error) => error.status === status || assert.fail(`expected ${status}: ${error}`))
}

const flat = { type: 'flat_fee', key: 'seat', name: 'Seat', billingCadence: 'P1M', price: { type: 'flat', amount: '10' } }
const phases = [{ key: 'main', name: 'Main', duration: null, rateCards: [flat] }]
const planBody = { name: 'Pro', billingCadence: 'P1M', phases }
const plan = { ...planBody, key: 'pro', currency: 'USD' }
const addonBody = { name: 'Extra', instanceType: 'multiple', rateCards: [{ ...flat, key: 'extra', name: 'Extra' }] }
const addon = { ...addonBody, key: 'extra', currency: 'USD' }

async function meters() {
  const body = { slug: 'tokens', eventType: 'used', aggregation: 'SUM', valueProperty: '$.n', groupBy: { m: '$.m' } }
  const made = await call('meters.create', body)
  assert.equal((await call('meters.get', 'tokens')).id, made.id)
  assert.equal((await call('meters.list')).length, 1)
  assert.deepEqual((await call('meters.query', 'tokens', { windowSize: 'DAY', groupBy: ['m'] })).data, [])
  assert.equal((await call('meters.update', 'tokens', { name: 'Tokens' })).name, 'Tokens')
  await call('meters.delete', 'tokens')
  await refused(404, client.meters.get('tokens'))
}

async function features() {
  const made = await call('features.create', { key: 'chat', name: 'Chat' })
  assert.equal((await call('features.get', 'chat')).id, made.id)
  assert.equal((await call('features.list')).length, 1)
  await call('features.delete', made.id)
  assert.equal((await client.features.list()).length, 0)
}

async function plansAndAddons() {
  const extra = await call('addons.create', addon)
  assert.equal((await call('addons.update', extra.id, { ...addonBody, description: 'More' })).description, 'More')
  assert.equal((await call('addons.publish', extra.id)).status, 'active')
  assert.equal((await call('addons.get', extra.id)).key, 'extra')
  assert.equal((await call('addons.list')).totalCount, 1)
  const draft = await call('plans.create', plan)
  assert.equal((await call('plans.update', draft.id, { ...planBody, name: 'Professional' })).name, 'Professional')
  const link = { addonId: extra.id, fromPlanPhase: 'main', maxQuantity: 5 }
  assert.equal((await call('plans.addons.create', draft.id, link)).maxQuantity, 5)
  assert.equal((await call('plans.addons.get', draft.id, extra.id)).addon.id, extra.id)
  assert.equal((await call('plans.addons.list', draft.id)).totalCount, 1)
  const changed = { fromPlanPhase: 'main', maxQuantity: 7 }
  assert.equal((await call('plans.addons.update', draft.id, extra.id, changed)).maxQuantity, 7)
  await call('plans.addons.delete', draft.id, extra.id)
  assert.equal((await call('plans.publish', draft.id)).status, 'active')
  assert.equal((await call('plans.get', 'pro')).version, 1)
  assert.equal((await call('plans.list', { key: ['pro'] })).totalCount, 1)
  assert.equal((await call('plans.archive', draft.id)).status, 'archived')
  await call('plans.delete', draft.id)
  assert.equal((await call('addons.archive', extra.id)).status, 'archived')
  await call('addons.delete', extra.id)
  assert.equal((await client.addons.list()).totalCount, 0)
}

async function notifications() {
  const body = { type: 'WEBHOOK', name: 'ops', url: 'https://example.com/hook' }
  const channel = await call('notifications.channels.create', body)
  const { signingSecret } = await call('notifications.channels.get', channel.id)
  const renamed = await call('notifications.channels.update', channel.id, { ...body, signingSecret, name: 'on call' })
  assert.equal(renamed.name, 'on call')
  assert.equal((await call('notifications.channels.list')).totalCount, 1)
  const ruleBody = { type: 'invoice.created', name: 'billed', channels: [channel.id] }
  const rule = await call('notifications.rules.create', ruleBody)
  assert.equal((await call('notifications.rules.get', rule.id)).channels.length, 1)
  assert.equal((await call('notifications.rules.update', rule.id, { ...ruleBody, name: 'sent' })).name, 'sent')
  assert.equal((await call('notifications.rules.list')).totalCount, 1)
  assert.equal((await call('notifications.events.list')).totalCount, 0)
  await refused(404, call('notifications.events.get', rule.id))
  await refused(400, client.notifications.channels.delete(channel.id))
  await call('notifications.rules.delete', rule.id)
  await call('notifications.channels.delete', channel.id)
  assert.equal((await client.notifications.channels.list({ includeDisabled: true })).totalCount, 0)
}

async function profilesAndApps() {
  const [before] = (await call('billing.profiles.list')).items
  const app = before.apps.invoicing.id
  const body = { name: 'EU', default: false, supplier: { name: 'Us', addresses: [{ country: 'US' }] }, workflow: {} }
  const made = await call('billing.profiles.create', { ...body, apps: { invoicing: app, payment: app, tax: app } })
  assert.equal((await call('billing.profiles.get', made.id)).name, 'EU')
  assert.equal((await call('billing.profiles.update', made.id, { ...body, name: 'Europe' })).name, 'Europe')
  const customer = await client.customers.create({ key: 'pinned', name: 'Pinned' })
  await call('billing.customers.createOverride', customer.id, { billingProfileId: made.id })
  assert.equal((await call('billing.customers.getOverride', customer.id, made.id)).baseBillingProfileId, made.id)
  assert.equal((await call('billing.customers.listOverrides', customer.id)).items.length, 1)
  await refused(400, client.billing.profiles.delete(made.id))
  await call('billing.customers.deleteOverride', customer.id, made.id)
  await call('billing.profiles.delete', made.id)
  assert.equal((await call('apps.list')).totalCount, 1)
  assert.equal((await call('apps.get', app)).type, 'sandbox')
  assert.equal((await call('apps.update', app, { type: 'sandbox', name: 'Ours' })).name, 'Ours')
  assert.equal((await call('apps.marketplace.list')).totalCount, 3)
  assert.equal((await call('apps.marketplace.get', 'sandbox')).name, 'Sandbox')
  await refused(400, call('apps.marketplace.installWithAPIKey', 'custom_invoicing', { apiKey: 'k' }))
  await refused(409, call('apps.uninstall', app))
}

async function customersAndSubscriptions() {
  const who = { key: 'acme', name: 'Acme', usageAttribution: { subjectKeys: ['acme-1'] } }
  const customer = await call('customers.create', who)
  assert.equal((await call('customers.get', 'acme')).id, customer.id)
  assert.equal((await call('customers.list', { key: 'acme' })).totalCount, 1)
  assert.equal((await call('customers.update', 'acme', { ...who, name: 'Acme Inc.' })).name, 'Acme Inc.')
  assert.deepEqual((await call('customers.getAccess', 'acme')).entitlements, {})
  const publish = async (key) => client.plans.publish((await client.plans.create({ ...plan, key })).id)
  await publish('free')
  await publish('paid')
  const made = await call('subscriptions.create', { customerKey: 'acme', plan: { key: 'free' } })
  assert.equal((await call('subscriptions.get', made.id)).status, 'active')
  const { next } = await call('subscriptions.change', made.id, { timing: 'immediate', plan: { key: 'paid' } })
  await publish('paid')
  const moved = (await call('subscriptions.migrate', next.id, { timing: 'immediate' })).next
  assert.equal(moved.plan.version, 2)
  assert.equal((await call('subscriptions.cancel', moved.id, { timing: 'immediate' })).status, 'inactive')
  assert.ok((await call('customers.listSubscriptions', 'acme')).totalCount === 3)
  const bare = await client.customers.create({ key: 'gone', name: 'Gone' })
  await call('customers.delete', bare.id)
  assert.ok((await client.customers.get(bare.id)).deletedAt)
}

let failed = 0
for (const part of [meters, features, plansAndAddons, notifications, profilesAndApps, customersAndSubscriptions]) {
  try {
    await part()
    console.log(`ok    ${part.name}`)
  } catch (error) {
    failed += 1
    console.log(`FAIL  ${part.name}: ${error.stack}`)
  }
}
const leftOut = (name) => NOT_IMITATED.find(([pattern]) => pattern.test(name))
const expected = documented().filter((name) => !leftOut(name))
for (const name of expected.filter((each) => !done.has(each))) {
  failed += 1
  console.log(`FAIL  ${name}: in the client's README, and not done here`)
}
console.log(`${done.size} operations done, ${documented().length - expected.length} left out, ${failed} failures`)
process.exitCode = failed ? 1 : 0
