<?php
// PDO: statements prepared by the server and emulated, lobs, COPY, notifications.

const COLUMNS = 'id, buyer_name, buyer_email, gift_message';
const REDACTED = 'SELECT ' . COLUMNS . ' FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY id';
const BY_IDS = 'SELECT ' . COLUMNS . ' FROM orders WHERE id BETWEEN ? AND ? ORDER BY id';
const FILTER = 'SELECT id FROM orders WHERE buyer_name = ? AND id BETWEEN 900001 AND 900100 ORDER BY id';
const BY_CHANNEL = 'SELECT id FROM orders WHERE buyer_name = ? AND channel = ? AND id BETWEEN 900001 AND 900100 ORDER BY id';

$db = new PDO(sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('PGHOST'), getenv('PGPORT'), getenv('PGDATABASE')), getenv('PGUSER'), getenv('PGPASSWORD'));

function all(string $query, array $values = [], array $options = []): array
{
    global $db;
    $statement = $db->prepare($query, $options);
    $statement->execute($values);
    return $statement->fetchAll(PDO::FETCH_NUM);
}

function error_of(callable $work): array
{
    try {
        $work();
    } catch (PDOException $error) {
        return ['class' => get_class($error), 'code' => $error->getCode(), 'message' => $error->getMessage()];
    }
    throw new Exception('no error');
}

function undone(callable $work)
{
    global $db;
    $db->beginTransaction();
    $result = $work();
    $db->rollBack();
    return $result;
}

function rows_of(array $rows): array
{
    return array_map(fn ($row) => [(int) $row[0], $row[1], $row[2], $row[3]], $rows);
}

// PDO passes on the error as libpq prints it: with the line and a mark at the place, or without where libpq has no text.
function part(string $text, string $word): string
{
    return preg_match("/$word:  (.*?)(?= at character |\n(?:LINE|DETAIL|HINT)|\$)/s", $text, $found) ? $found[1] : '';
}

function filtered(string $query, callable $work, ?callable $recover = null): array
{
    try {
        $result = ['found' => array_map(fn ($row) => (int) $row[0], $work())];
    } catch (PDOException $error) {
        $text = $error->errorInfo[2];
        preg_match("/\nLINE 1: (.*)\n( *)\^/", $text, $marked);
        preg_match('/ at character (\d+)/', $text, $numbered);
        $at = $marked ? substr($marked[1], strlen($marked[2]) - strlen('LINE 1: ')) : substr($query, $numbered[1] - 1);
        $result = ['error' => [
            'class' => get_class($error),
            'code' => $error->getCode(),
            'message' => part($text, 'ERROR'),
            'detail' => part($text, 'DETAIL'),
            'hint' => part($text, 'HINT'),
            'at' => $at,
        ]];
    }
    if ($recover) {
        $recover();
    }
    return $result + ['after' => all('SELECT ?::text', ['fine'])[0][0]];
}

$emulated = [PDO::ATTR_EMULATE_PREPARES => true];
$unnamed = [PDO::PGSQL_ATTR_DISABLE_PREPARES => true];
$same = $rows = $filters = [];
$same['login'] = all('SELECT current_user, system_user, current_database()');
$same['simple'] = [$db->query('SELECT * FROM plain.people ORDER BY id')->fetchAll(PDO::FETCH_ASSOC), $db->exec("SET work_mem = '4MB'")];
$parameters = 'SELECT ?::int, ?::bigint, ?::numeric, ?::text, ?::bool, ?::date, ?::timestamptz, ?::json, ?::uuid, ?::int[], ?::float8, ?::text';
$values = [-41, '9007199254740993', '12.3400', "it's \\ \"é\" 漢", 'true', '2024-02-29', '2024-02-29 10:11:12.345+00', '{"a": [1, null]}',
    '6f1b1d52-2f0c-4b0a-9f0b-0123456789ab', '{1,-2,3}', '0.1', null];
$lob = $db->prepare('SELECT ?::bytea, ?::bool, ?::int');
$lob->bindValue(1, "\x00\xff\\'", PDO::PARAM_LOB);
$lob->bindValue(2, false, PDO::PARAM_BOOL);
$lob->bindValue(3, 7, PDO::PARAM_INT);
$lob->execute();
$row = $lob->fetch(PDO::FETCH_NUM);
$same['parameters'] = [all($parameters, $values), all($parameters, $values, $emulated), all($parameters, $values, $unnamed), bin2hex(stream_get_contents($row[0])), $row[1], $row[2]];
$by_id = $db->prepare('SELECT email FROM plain.people WHERE id = :id');
$same['prepared'] = array_map(function ($n) use ($by_id) { $by_id->execute(['id' => $n % 4]); return $by_id->fetchAll(PDO::FETCH_COLUMN); }, range(0, 9));
$kinds = $db->query('SELECT id, small, big, num, r8, flag, t, v, c, d, ts, tsz, j, ints, texts, addr FROM plain.kinds WHERE id IN (1, 3) ORDER BY id');
$same['types'] = [$kinds->fetchAll(PDO::FETCH_ASSOC), array_map(fn ($n) => $kinds->getColumnMeta($n)['native_type'], range(0, 15))];
$same['cursor'] = undone(function () use ($db) {
    $scroll = $db->prepare('SELECT n FROM plain.lines ORDER BY n', [PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL]);
    $scroll->execute();
    return [$scroll->fetch(PDO::FETCH_NUM), $scroll->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_ABS, 100), $scroll->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_LAST)];
});
$same['transactions'] = [undone(function () use ($db) {
    all('INSERT INTO plain.people VALUES (?, ?, ?)', [60, 'sixty@plain.test', 60]);
    $db->exec('SAVEPOINT s');
    $failed = error_of(fn () => all("INSERT INTO plain.people VALUES (1, 'x')"));
    $aborted = error_of(fn () => all('SELECT 1'));
    $db->exec('ROLLBACK TO s');
    return [$failed, $aborted, all('SELECT count(*) FROM plain.people')];
}), all('SELECT count(*) FROM plain.people')];
$same['errors'] = array_map(fn ($query) => error_of(fn () => all($query)), ['SELECT nothing FROM plain.people', 'SELEC 1', 'SELECT 1/0', "SELECT plain.fail('x')"]);
$same['copy'] = [undone(function () use ($db) {
    $lines = array_map(fn ($n) => "$n\tcopied", range(100000, 102999));
    $done = $db->pgsqlCopyFromArray('plain.lines', $lines, "\t", '\\\\N', 'n, word');
    return [$done, all('SELECT count(*), max(word) FROM plain.lines WHERE n >= 100000')];
}), $db->pgsqlCopyToArray('plain.people')];
$db->exec('LISTEN chat');
$db->exec("NOTIFY chat, 'hello'");
$notified = $db->pgsqlGetNotify(PDO::FETCH_ASSOC, 5000);
$same['notifications'] = [$notified['message'], $notified['payload']];
$columns = $db->query('SELECT * FROM orders WHERE false');
$same['metadata'] = [
    array_map(fn ($n) => $columns->getColumnMeta($n), range(0, 21)),
    all('SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = ? ORDER BY 1, ordinal_position', ['public']),
    $db->getAttribute(PDO::ATTR_SERVER_VERSION),
];
$same['returning'] = undone(fn () => [
    all('INSERT INTO plain.people VALUES (?, ?, ?) RETURNING *', [70, 'new@plain.test', 30]),
    all('UPDATE orders SET notes = ? WHERE id = 900011 RETURNING id, buyer_name', ['seen']),
]);
$same['large'] = hash('sha256', json_encode(all('SELECT n, repeat(chr(97 + n % 26), 500) FROM generate_series(1, 5000) n')));
$soon = gmdate('Y-m-d H:i:s+00', time() - 7 * 24 * 3600);
$same['orders'] = [
    all('SELECT * FROM orders WHERE id BETWEEN 900011 AND 900014 ORDER BY id'),
    all('SELECT channel, count(*), sum(total) FROM orders GROUP BY 1 ORDER BY 1'),
];
foreach ([[], $emulated, $unnamed, $unnamed] as $options) {
    $same['orders'][] = all(BY_CHANNEL, ['Edda Ebert', 'ebay'], $options);
    $same['orders'][] = all('SELECT id FROM orders WHERE channel = ANY(?) AND buyer_email = ?', ['{ebay,shopify}', 'edda@known.test'], $options);
    $same['orders'][] = all('SELECT id FROM orders WHERE shipped_at >= ? AND buyer_name = ?', [$soon, 'Nina Neumann'], $options);
}

$ids = [900001, 900003];
$rows['query'] = rows_of($db->query(REDACTED)->fetchAll(PDO::FETCH_NUM));
$rows['prepared'] = rows_of(all(BY_IDS, $ids));
$rows['emulated'] = rows_of(all(BY_IDS, $ids, $emulated));
$rows['unnamed'] = rows_of(all(BY_IDS, $ids, $unnamed));
$rows['cursor'] = undone(fn () => rows_of(all(BY_IDS, $ids, [PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL])));

$filters['prepared'] = filtered(FILTER, fn () => all(FILTER, ['Alan Archer']));
$filters['unnamed'] = filtered(FILTER, fn () => all(FILTER, ['Alan Archer'], $unnamed));
$filters['emulated'] = filtered(FILTER, fn () => all(FILTER, ['Alan Archer'], $emulated));
$filters['by a parameter'] = filtered('SELECT id FROM orders WHERE buyer_name = $1', fn () => all(BY_CHANNEL, ['Alan Archer', 'amazon']));
$filters['transaction'] = undone(function () use ($db) {
    $db->exec('SAVEPOINT s');
    return filtered(FILTER, fn () => all(FILTER, ['Alan Archer']), fn () => $db->exec('ROLLBACK TO s'));
});
echo json_encode(['same' => $same, 'rows' => $rows, 'filters' => $filters], JSON_THROW_ON_ERROR);
