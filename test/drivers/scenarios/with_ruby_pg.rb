# ruby-pg: text and binary, prepared statements, pipelines, single-row mode, COPY.
require 'pg'
require 'json'
require 'digest'

COLUMNS = 'id, buyer_name, buyer_email, gift_message'
REDACTED = "SELECT #{COLUMNS} FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY id"
BY_IDS = "SELECT #{COLUMNS} FROM orders WHERE id BETWEEN $1::bigint AND $2::bigint ORDER BY id"
FILTER = 'SELECT id FROM orders WHERE buyer_name = $1 AND id BETWEEN 900001 AND 900100 ORDER BY id'
BY_CHANNEL = 'SELECT id FROM orders WHERE buyer_name = $1 AND channel = $2 AND id BETWEEN 900001 AND 900100 ORDER BY id'
class Undo < StandardError; end

$db = PG.connect
def all(query, *values)
  $db.exec_params(query, values).values
end

def error_of
  yield
rescue PG::Error => e
  { class: e.class.name, code: e.result.error_field(PG::PG_DIAG_SQLSTATE), message: e.message, constraint: e.result.error_field(PG::PG_DIAG_CONSTRAINT_NAME) }
end

def undone
  result = nil
  $db.transaction do
    result = yield
    raise Undo
  end
rescue Undo
  result
end

def rows_of(rows)
  rows.map { |id, *rest| [id.to_i, *rest] }
end

def filtered(sent)
  begin
    result = { found: yield.map { |id,| id.to_i } }
  rescue PG::Error => e
    field = ->(code) { e.result.error_field(code) }
    result = { error: {
      class: e.class.name, code: field.(PG::PG_DIAG_SQLSTATE), message: field.(PG::PG_DIAG_MESSAGE_PRIMARY),
      detail: field.(PG::PG_DIAG_MESSAGE_DETAIL), hint: field.(PG::PG_DIAG_MESSAGE_HINT),
      at: sent[(field.(PG::PG_DIAG_STATEMENT_POSITION).to_i - 1)..]
    } }
  end
  result.merge(after: yield_after)
end

def yield_after
  $db.exec('ROLLBACK TO s') if $db.transaction_status == PG::PQTRANS_INERROR
  all('SELECT $1::text', 'fine')[0][0]
end

def copy_out(query, decoder = nil)
  lines = []
  $db.copy_data(query, decoder) { while (line = $db.get_copy_data) do lines << line end }
  lines
end

def pipelined(*queries)
  $db.enter_pipeline_mode
  queries.each { |query, values| $db.send_query_params(query, values || []) }
  $db.pipeline_sync
  results = []
  loop do
    result = $db.get_result or next
    break if result.result_status == PG::PGRES_PIPELINE_SYNC

    results << result
  end
  $db.exit_pipeline_mode
  results
end

def single_rows(query, *values)
  $db.send_query_params(query, values)
  $db.set_single_row_mode
  found = []
  $db.get_result.stream_each_row { |row| found << row }
  $db.get_result
  found
ensure
  $db.discard_results
end

same, rows, filters = {}, {}, {}
notices = []
$db.set_notice_processor { |message| notices << message }
same[:login] = all('SELECT current_user, system_user, current_database()')
same[:simple] = [$db.exec('SELECT * FROM plain.people ORDER BY id').values, $db.exec("SELECT 1; SELECT 2, 'x'").values]
bytes = { value: "\x00\xff\\'".b, format: 1, type: 17 }
same[:parameters] = [
  all('SELECT $1::int, $2::bigint, $3::numeric, $4::text, $5::bytea, $6::bool, $7::date, $8::timestamptz, $9::json, $10::uuid, $11::int[], $12::float8, $13::text',
      -41, '9007199254740993', '12.3400', "it's \\ \"é\" 漢", bytes, 't', '2024-02-29', '2024-02-29 10:11:12.345+00', '{"a": [1, null]}',
      '6f1b1d52-2f0c-4b0a-9f0b-0123456789ab', '{1,-2,3}', '0.1', nil)
]
$db.prepare('by_id', 'SELECT email FROM plain.people WHERE id = $1')
same[:prepared] = (0..9).map { |n| $db.exec_prepared('by_id', [n % 4]).values }
described = $db.describe_prepared('by_id')
same[:prepared] << [described.fields, described.nparams, described.paramtype(0)]
types = $db.exec('SELECT * FROM plain.kinds ORDER BY id')
same[:types] = [types.values, types.fields, (0...types.nfields).map { |n| [types.ftype(n), types.fmod(n), types.fsize(n)] }]
same[:types] << $db.exec('SELECT * FROM plain.people ORDER BY id').map_types!(PG::BasicTypeMapForResults.new($db)).values
binary = $db.exec_params('SELECT id, t, bytes, flag, d, uid FROM plain.kinds WHERE id = $1', [1], 1)
same[:binary] = binary.values.map { |row| row.map { |value| value.unpack1('H*') } }
same[:cursor] = [single_rows('SELECT n FROM plain.lines ORDER BY n').size, undone do
  $db.exec('DECLARE c CURSOR FOR SELECT n FROM plain.lines ORDER BY n')
  3.times.map { all('FETCH 700 FROM c').size }
end]
same[:transactions] = [undone do
  all('INSERT INTO plain.people VALUES ($1, $2, $3)', 60, 'sixty@plain.test', 60)
  $db.exec('SAVEPOINT s')
  failed = error_of { all("INSERT INTO plain.people VALUES (1, 'x')") }
  aborted = error_of { all('SELECT 1') }
  $db.exec('ROLLBACK TO s')
  [failed, aborted, all('SELECT count(*) FROM plain.people')]
end, all('SELECT count(*) FROM plain.people')]
same[:errors] = ['SELECT nothing FROM plain.people', 'SELEC 1', 'SELECT 1/0', "SELECT plain.fail('x')", "INSERT INTO plain.people VALUES (1, 'x')"].map { |query| error_of { all(query) } }
same[:batch] = [
  pipelined(*(0..50).map { |n| ['SELECT $1::int * 2', [n]] }).map(&:values),
  pipelined(['SELECT 1'], ['SELECT 1/0'], ['SELECT 2']).map { |result| [result.res_status(result.result_status), result.error_message] }
]
encoder = PG::TextEncoder::CopyRow.new
same[:copy] = [undone do
  $db.copy_data('COPY plain.lines (n, word) FROM STDIN', encoder) { 3000.times { |n| $db.put_copy_data([100_000 + n, "copied #{n}\t\\"]) } }
  all('SELECT count(*), max(word) FROM plain.lines WHERE n >= 100000')
end, copy_out('COPY (SELECT * FROM plain.people ORDER BY id) TO STDOUT'),
               error_of { $db.copy_data('COPY plain.people (id, email) FROM STDIN') { $db.put_copy_data("not a number\tx\n") } }]
$db.exec('LISTEN chat')
$db.exec("NOTIFY chat, 'hello'")
$db.wait_for_notify(5) { |channel, _, payload| same[:notifications] = [channel, payload] }
notices.clear
all("SELECT plain.warn('ruby')")
same[:notices] = notices
$db.send_query('SELECT pg_sleep(20)')
sleep 0.2
$db.cancel
same[:cancel] = [error_of { $db.get_last_result }, all("SELECT 'after'")]
same[:metadata] = all('SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1, ordinal_position', 'public')
same[:returning] = undone do
  [all('INSERT INTO plain.people VALUES ($1, $2, $3) RETURNING *', 70, 'new@plain.test', 30),
   all('UPDATE orders SET notes = $1 WHERE id = 900011 RETURNING id, buyer_name', 'seen')]
end
same[:large] = Digest::SHA256.hexdigest(all('SELECT n, repeat(chr(97 + n % 26), 500) FROM generate_series(1, 5000) n').to_json)
$db.prepare('by_channel', BY_CHANNEL)
same[:orders] = [
  all('SELECT * FROM orders WHERE id BETWEEN 900011 AND 900014 ORDER BY id'),
  all('SELECT channel, count(*), sum(total) FROM orders GROUP BY 1 ORDER BY 1'),
  *3.times.map { $db.exec_prepared('by_channel', ['Edda Ebert', 'ebay']).values },
  *3.times.map { all('SELECT id FROM orders WHERE channel = ANY($1) AND buyer_email = $2', '{ebay,shopify}', 'edda@known.test') },
  *2.times.map { all('SELECT id FROM orders WHERE shipped_at >= $1 AND buyer_name = $2', (Time.now - 7 * 24 * 3600).utc.strftime('%F %T+00'), 'Nina Neumann') }
]

ids = [900_001, 900_003]
rows[:simple] = rows_of($db.exec(REDACTED).values)
rows[:extended] = rows_of(all(BY_IDS, *ids))
$db.prepare('by_ids', BY_IDS)
rows[:prepared] = rows_of($db.exec_prepared('by_ids', ids).values)
rows[:'prepared again'] = rows_of($db.exec_prepared('by_ids', ids).values)
binary = $db.exec_params(BY_IDS, ids, 1).values
rows[:binary] = binary.map { |id, *rest| [id.unpack1('q>'), *rest.map { |value| value&.dup&.force_encoding('UTF-8') }] }
rows[:'binary parameters'] = rows_of(all(BY_IDS, *ids.map { |id| { value: [id].pack('q>'), type: 20, format: 1 } }))
rows[:pipeline] = rows_of(pipelined(['SELECT 1'], [BY_IDS, ids], ['SELECT 2'])[1].values)
rows[:copy] = rows_of(copy_out("COPY (#{REDACTED}) TO STDOUT", PG::TextDecoder::CopyRow.new))
# Last: libpq keeps this mode for the first query of a pipeline.
rows[:'single rows'] = rows_of(single_rows(BY_IDS, *ids))

name = ['Alan Archer']
filters[:alone] = filtered(FILTER) { all(FILTER, *name) }
filters[:'by a parameter'] = filtered(BY_CHANNEL) { $db.exec_prepared('by_channel', ['Alan Archer', 'amazon']).values }
filters[:'single rows'] = filtered(FILTER) { single_rows(FILTER, *name) }
filters[:pipeline] = filtered(FILTER) { pipelined(['SELECT 1'], [FILTER, name], ['SELECT 2'])[1].check.values }
filters[:savepoint] = undone do
  $db.exec('SAVEPOINT s')
  filtered(FILTER) { all(FILTER, *name) }
end
puts JSON.generate(same: same, rows: rows, filters: filters)
