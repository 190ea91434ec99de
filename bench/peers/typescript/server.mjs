// The peer in TypeScript's SDK: `node server.mjs`, with PORT, DATABASE_URL, ISSUER, RESOURCE, JWKS_URL and POOL_SIZE.
//
// As its documentation has it: createMcpHandler behind Hono with a factory of servers, JSON answers, a pool of
// connections with prepared statements, the bearer token verified with jose against the cached key set.
// It does what the limit does: no parsing of phrases, no merging, no revocation, no events.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { serve } from '@hono/node-server';
import { createMcpHonoApp } from '@modelcontextprotocol/hono';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import pg from 'pg';
import * as z from 'zod';

const { PORT, DATABASE_URL, ISSUER, RESOURCE, JWKS_URL, POOL_SIZE } = process.env;
const HOST = '127.0.0.1';

function statement(name) {
  return { name, text: readFileSync(new URL(`../../statements/${name}.sql`, import.meta.url), 'utf8') };
}
const ADD_ITEM = statement('add_item');
const LIST_ITEMS = statement('list_items');
const FIRST_LIST = statement('first_list');
const HOUSEHOLD = statement('household');

const pool = new pg.Pool({ connectionString: DATABASE_URL, min: Number(POOL_SIZE), max: Number(POOL_SIZE) });
const keys = createRemoteJWKSet(new URL(JWKS_URL));
const shoppers = new Map();
let lastNumber = 0;

async function query(prepared, values) {
  const { rows } = await pool.query({ ...prepared, values });
  return rows;
}

async function shopperOf(grant) {
  let shopper = shoppers.get(grant);
  if (shopper === undefined) {
    const [{ household_id: household }] = await query(HOUSEHOLD, [grant]);
    const [{ id: list }] = await query(FIRST_LIST, [household]);
    shopper = { household, list };
    shoppers.set(grant, shopper);
  }
  return shopper;
}

function answer(structuredContent) {
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
}

function item(row) {
  const { no, amount, ...rest } = row;
  const given = Object.entries(rest).filter(([, value]) => value !== null);
  return { ref: `i${no}`, quantity: Number(amount), ...Object.fromEntries(given) };
}

const WANTED = z.object({ name: z.string(), measure: z.string(), amount: z.number(), unit: z.string() });
const ADDED = z.object({ results: z.array(z.object({ ref: z.string(), name: z.string(), status: z.string() })) });
const NOTHING = z.object({});
const ITEMS = z.object({
  items: z.array(
    z.object({
      ref: z.string(),
      name: z.string(),
      quantity: z.number(),
      unit: z.string().optional(),
      category: z.string().optional(),
      note: z.string().optional(),
      store: z.string().optional(),
      assignee_id: z.string().optional(),
      priority: z.string().optional(),
    }),
  ),
});

async function addItems({ name, measure, amount, unit }, { http }) {
  const { household, list } = await shopperOf(http.authInfo.extra.grant);
  lastNumber += 1;
  const [row] = await query(ADD_ITEM, [household, randomUUID(), list, lastNumber, name, measure, amount, unit]);
  return answer({ results: [{ ref: `i${row.no}`, name: row.name, status: 'added' }] });
}

async function listItems(_, { http }) {
  const { household, list } = await shopperOf(http.authInfo.extra.grant);
  return answer({ items: (await query(LIST_ITEMS, [household, list])).map(item) });
}

function buildServer() {
  const server = new McpServer({ name: 'peer', version: '1' });
  const add = { description: 'Adds an item to the list.', inputSchema: WANTED, outputSchema: ADDED };
  const list = { description: 'Shows the open items of the list.', inputSchema: NOTHING, outputSchema: ITEMS };
  server.registerTool('add_items', add, addItems);
  server.registerTool('list_items', list, listItems);
  return server;
}

async function authInfoOf(header) {
  const token = (header ?? '').replace(/^Bearer /, '');
  const { payload } = await jwtVerify(token, keys, { algorithms: ['ES256'], issuer: ISSUER, audience: RESOURCE });
  return {
    token,
    clientId: payload.client_id,
    scopes: payload.scope.split(' '),
    expiresAt: payload.exp,
    extra: { grant: payload.gid },
  };
}

const handler = createMcpHandler(buildServer, { responseMode: 'json' });
const app = createMcpHonoApp();
app.get('/readyz', (context) => context.text('ok\n'));
app.all('/mcp', async (context) => {
  let authInfo;
  try {
    authInfo = await authInfoOf(context.req.header('authorization'));
  } catch {
    return context.json({ error: 'invalid_token' }, 401);
  }
  return handler.fetch(context.req.raw, { authInfo, parsedBody: context.get('parsedBody') });
});

const listening = serve({ fetch: app.fetch, hostname: HOST, port: Number(PORT) });
process.on('SIGTERM', () => {
  listening.close();
  listening.closeAllConnections?.();
  void pool.end();
});
