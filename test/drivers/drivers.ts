/** The drivers and what tells each apart. */
import { fileURLToPath } from 'node:url';
import type { Target } from '../harness/raw-client.js';
import type { Outcome, Topic } from './outcome.js';
import { JDBC, type Runtime, runClient, runtime } from './programs.js';
import { drizzle } from './scenarios/drizzle.js';
import { knex } from './scenarios/knex.js';
import { nodePostgres } from './scenarios/node-postgres.js';
import { postgresJs } from './scenarios/postgres-js.js';
import { sequelize } from './scenarios/sequelize.js';
import { typeorm } from './scenarios/typeorm.js';

export interface Driver {
  readonly name: string;
  readonly run: (target: Target) => Promise<Outcome>;
  /** Class of the exception for SQLSTATE 42501. */
  readonly error: string;
  /** What it has no interface for. */
  readonly lacks?: readonly Topic[];
}

/** What object-relational mappers leave to the driver beneath. */
const OF_AN_ORM: readonly Topic[] = ['binary', 'cursor', 'copy', 'notifications', 'notices', 'cancel'];

export const DRIVERS: readonly Driver[] = [
  { name: 'node-postgres', run: nodePostgres, error: 'DatabaseError' },
  { name: 'postgres.js', run: postgresJs, error: 'PostgresError', lacks: ['binary'] },
  { name: 'Sequelize', run: sequelize, error: 'SequelizeDatabaseError', lacks: OF_AN_ORM },
  { name: 'TypeORM', run: typeorm, error: 'QueryFailedError', lacks: OF_AN_ORM.filter((topic) => topic !== 'cursor') },
  { name: 'Knex', run: knex, error: 'DatabaseError', lacks: OF_AN_ORM.filter((topic) => topic !== 'cursor') },
  { name: 'Drizzle', run: drizzle, error: 'DrizzleQueryError', lacks: [...OF_AN_ORM, 'metadata'] },
  { name: 'psycopg', run: script('psycopg', 'with_psycopg.py'), error: 'InsufficientPrivilege' },
  {
    name: 'psycopg2',
    run: script('psycopg2', 'with_psycopg2.py'),
    error: 'InsufficientPrivilege',
    lacks: ['binary'],
  },
  { name: 'asyncpg', run: script('asyncpg', 'with_asyncpg.py'), error: 'InsufficientPrivilegeError' },
  {
    name: 'SQLAlchemy',
    run: script('sqlalchemy', 'with_sqlalchemy.py'),
    error: 'ProgrammingError InsufficientPrivilege',
    lacks: OF_AN_ORM.filter((topic) => topic !== 'cursor'),
  },
  {
    name: 'Django',
    run: script('django', 'with_django.py'),
    error: 'ProgrammingError InsufficientPrivilege',
    lacks: OF_AN_ORM.filter((topic) => topic !== 'cursor'),
  },
  { name: 'DBD::Pg', run: script('DBD::Pg', 'with_dbd_pg.pl'), error: 'DBI::db ERROR', lacks: ['binary'] },
  { name: 'ruby-pg', run: script('ruby-pg', 'with_ruby_pg.rb'), error: 'PG::InsufficientPrivilege' },
  {
    name: 'PDO',
    run: script('PDO', 'with_pdo.php'),
    error: 'PDOException',
    lacks: ['binary', 'batch', 'notices', 'cancel'],
  },
  { name: 'pgjdbc', run: pgjdbc, error: 'org.postgresql.util.PSQLException' },
  {
    name: 'lib/pq',
    run: script('pq', 'with_pq.go', ['run']),
    error: '*pq.Error insufficient_privilege',
    lacks: ['batch'],
  },
];

/** A program of the folder scenarios, which prints its outcome as JSON. */
function script(driver: Runtime, file: string, options: readonly string[] = []): Driver['run'] {
  return async (target) => outcomeOf(target, await runtime(driver), [...options, scenario(file)]);
}

async function pgjdbc(target: Target): Promise<Outcome> {
  await runtime('pgjdbc');
  return outcomeOf(target, 'java', ['-cp', JDBC, scenario('WithPgjdbc.java')]);
}

function scenario(file: string): string {
  return fileURLToPath(new URL(`./scenarios/${file}`, import.meta.url));
}

async function outcomeOf(target: Target, command: string, args: readonly string[]): Promise<Outcome> {
  const { status, stdout, stderr } = await runClient(command, args, target);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return JSON.parse(stdout) as Outcome;
}
