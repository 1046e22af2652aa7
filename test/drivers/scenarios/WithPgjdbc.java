import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.*;
import java.time.OffsetDateTime;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.util.PSQLException;

/** pgjdbc: statements prepared by the server, text and binary, fetch size, batches, COPY, the metadata of JDBC. */
class WithPgjdbc {
  static final String COLUMNS = "id, buyer_name, buyer_email, gift_message";
  static final String REDACTED = "SELECT " + COLUMNS + " FROM orders WHERE id BETWEEN 900001 AND 900003 ORDER BY id";
  static final String BY_IDS = "SELECT " + COLUMNS + " FROM orders WHERE id BETWEEN ? AND ? ORDER BY id";
  static final String FILTER = "SELECT id FROM orders WHERE buyer_name = ? AND id BETWEEN 900001 AND 900100 ORDER BY id";
  static final String BY_CHANNEL =
      "SELECT id FROM orders WHERE buyer_name = ? AND channel = ? AND id BETWEEN 900001 AND 900100 ORDER BY id";
  static final String COUNT = "SELECT count(*) FROM plain.people";

  interface Work<T> {
    T run() throws Exception;
  }

  static Connection db;

  static Connection connect(String options) throws SQLException {
    Map<String, String> env = System.getenv();
    String url = "jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE") + "?" + options;
    return DriverManager.getConnection(url, env.get("PGUSER"), env.get("PGPASSWORD"));
  }

  static List<Object> read(ResultSet result) throws SQLException {
    List<Object> rows = new ArrayList<>();
    int columns = result.getMetaData().getColumnCount();
    while (result.next()) {
      List<Object> row = new ArrayList<>();
      for (int n = 1; n <= columns; n++) row.add(shown(result.getObject(n)));
      rows.add(row);
    }
    return rows;
  }

  static Object shown(Object value) throws SQLException {
    if (value instanceof byte[] bytes) return HexFormat.of().formatHex(bytes);
    if (value instanceof Array array) return Arrays.deepToString((Object[]) array.getArray());
    if (value instanceof Number || value == null) return value;
    return value.getClass().getSimpleName() + " " + value;
  }

  static void bind(PreparedStatement statement, Object... values) throws SQLException {
    for (int n = 0; n < values.length; n++) statement.setObject(n + 1, values[n]);
  }

  static List<Object> all(String query, Object... values) throws SQLException {
    try (PreparedStatement statement = db.prepareStatement(query)) {
      bind(statement, values);
      return read(statement.executeQuery());
    }
  }

  static List<Object> repeated(int times, String query, Object... values) throws SQLException {
    List<Object> results = new ArrayList<>();
    try (PreparedStatement statement = db.prepareStatement(query)) {
      for (int n = 0; n < times; n++) {
        bind(statement, values);
        results.add(read(statement.executeQuery()));
      }
    }
    return results;
  }

  static Object errorOf(Work<?> work) throws Exception {
    try {
      work.run();
      return "no error";
    } catch (SQLException error) {
      SQLException last = error.getNextException() != null ? error.getNextException() : error;
      return List.of(error.getClass().getSimpleName(), last.getSQLState(), last.getMessage());
    }
  }

  static <T> T undone(Work<T> work) throws Exception {
    db.setAutoCommit(false);
    try {
      return work.run();
    } finally {
      db.rollback();
      db.setAutoCommit(true);
    }
  }

  static List<Object> rowsOf(ResultSet result) throws SQLException {
    List<Object> rows = new ArrayList<>();
    while (result.next()) {
      rows.add(Arrays.asList(result.getLong(1), result.getString(2), result.getString(3), result.getString(4)));
    }
    return rows;
  }

  static List<Object> redacted(Connection on, int fetchSize) throws SQLException {
    try (PreparedStatement statement = on.prepareStatement(BY_IDS)) {
      statement.setFetchSize(fetchSize);
      bind(statement, 900001L, 900003L);
      return rowsOf(statement.executeQuery());
    }
  }

  /** A savepoint where there is a transaction; then the session must answer. */
  static Map<String, Object> filtered(Connection on, String query, Object... values) throws SQLException {
    Map<String, Object> result = new TreeMap<>();
    Savepoint savepoint = on.getAutoCommit() ? null : on.setSavepoint();
    try (PreparedStatement statement = on.prepareStatement(query)) {
      bind(statement, values);
      ResultSet found = statement.executeQuery();
      List<Long> ids = new ArrayList<>();
      while (found.next()) ids.add(found.getLong(1));
      result.put("found", ids);
    } catch (PSQLException error) {
      var message = error.getServerErrorMessage();
      String sent = query.replaceFirst("\\?", "\\$1").replaceFirst("\\?", "\\$2");
      result.put("error", Map.of(
          "class", error.getClass().getName(),
          "code", error.getSQLState(),
          "message", message.getMessage(),
          "detail", message.getDetail(),
          "hint", message.getHint(),
          "at", sent.substring(message.getPosition() - 1)));
      if (savepoint != null) on.rollback(savepoint);
    }
    try (PreparedStatement statement = on.prepareStatement("SELECT ?::text")) {
      statement.setString(1, "fine");
      ResultSet after = statement.executeQuery();
      after.next();
      result.put("after", after.getString(1));
    }
    return result;
  }

  static List<Object> transactions() throws Exception {
    List<Object> inside = undone(() -> {
      List<Object> all = new ArrayList<>();
      db.createStatement().executeUpdate("INSERT INTO plain.people VALUES (60, 'sixty@plain.test', 60)");
      Savepoint savepoint = db.setSavepoint("s");
      all.add(errorOf(() -> db.createStatement().executeUpdate("INSERT INTO plain.people VALUES (1, 'x')")));
      all.add(errorOf(() -> all("SELECT 1")));
      db.rollback(savepoint);
      all.add(all(COUNT));
      return all;
    });
    db.setReadOnly(true);
    Object readOnly = undone(() -> errorOf(() -> db.createStatement().executeUpdate("DELETE FROM plain.people")));
    db.setReadOnly(false);
    return List.of(inside, readOnly, all(COUNT));
  }

  static Object parameters() throws SQLException {
    String casts = "SELECT ?::int, ?::bigint, ?::numeric, ?::text, ?::bytea, ?::bool, ?::date, ?::timestamptz, ?::json, ?::uuid, ?::int[], ?::text[], ?::float8, ?::text";
    Object[] values = {
      -41, 9007199254740993L, new java.math.BigDecimal("12.3400"), "it's \\ \"é\" 漢", new byte[] {0, -1, 92, 39}, true,
      java.sql.Date.valueOf("2024-02-29"), OffsetDateTime.parse("2024-02-29T10:11:12.345Z"), "{\"a\": [1, null]}",
      UUID.fromString("6f1b1d52-2f0c-4b0a-9f0b-0123456789ab"), db.createArrayOf("int4", new Object[] {1, -2, 3}),
      db.createArrayOf("text", new Object[] {"a", "b c", "\"", ""}), 0.1, null,
    };
    return repeated(7, casts, values);
  }

  static Object batch() throws Exception {
    return undone(() -> {
      List<Object> all = new ArrayList<>();
      try (PreparedStatement insert = db.prepareStatement("INSERT INTO plain.people VALUES (?, ?, ?)")) {
        for (int n = 100; n < 150; n++) {
          bind(insert, n, "p" + n, 30);
          insert.addBatch();
        }
        all.add(Arrays.toString(insert.executeBatch()));
        all.add(all("SELECT count(*), sum(age) FROM plain.people"));
        Savepoint savepoint = db.setSavepoint();
        for (int n : new int[] {200, 1, 201}) {
          bind(insert, n, "q" + n, 30);
          insert.addBatch();
        }
        all.add(errorOf(insert::executeBatch));
        db.rollback(savepoint);
      }
      try (Statement several = db.createStatement()) {
        several.addBatch("UPDATE plain.people SET age = 31 WHERE id = 100");
        several.addBatch("DELETE FROM plain.people WHERE id = 101");
        all.add(Arrays.toString(several.executeBatch()));
      }
      return all;
    });
  }

  static Object metadata() throws SQLException {
    DatabaseMetaData meta = db.getMetaData();
    List<Object> all = new ArrayList<>(List.of(
        meta.getDatabaseProductVersion(),
        read(meta.getSchemas()),
        read(meta.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"})),
        read(meta.getColumns(null, "public", "orders", "%")),
        read(meta.getColumns(null, "plain", "kinds", "%")),
        read(meta.getPrimaryKeys(null, "public", "orders")),
        read(meta.getImportedKeys(null, "public", "payments")),
        read(meta.getExportedKeys(null, "public", "orders")),
        read(meta.getIndexInfo(null, "public", "orders", false, true)),
        read(meta.getProcedures(null, "plain", "%")),
        read(meta.getFunctions(null, "plain", "%"))));
    try (PreparedStatement statement = db.prepareStatement("SELECT * FROM orders WHERE id = ?")) {
      ResultSetMetaData columns = statement.getMetaData();
      for (int n = 1; n <= columns.getColumnCount(); n++) {
        all.add(List.of(columns.getColumnName(n), columns.getColumnTypeName(n), columns.getPrecision(n), columns.isNullable(n), columns.isAutoIncrement(n)));
      }
      all.add(statement.getParameterMetaData().getParameterTypeName(1));
    }
    return all;
  }

  static Object copies() throws Exception {
    var copy = db.unwrap(PGConnection.class).getCopyAPI();
    StringBuilder lines = new StringBuilder();
    for (int n = 0; n < 3000; n++) lines.append(100000 + n).append("\tcopied ").append(n).append('\n');
    Object in = undone(() -> List.of(
        copy.copyIn("COPY plain.lines (n, word) FROM STDIN", new StringReader(lines.toString())),
        all("SELECT count(*), max(word) FROM plain.lines WHERE n >= 100000")));
    Object bad = errorOf(() -> copy.copyIn("COPY plain.people (id, email) FROM STDIN", new StringReader("not a number\tx\n")));
    return List.of(in, bad, copyOut("COPY (SELECT * FROM plain.people ORDER BY id) TO STDOUT"));
  }

  static String copyOut(String query) throws Exception {
    StringWriter out = new StringWriter();
    db.unwrap(PGConnection.class).getCopyAPI().copyOut(query, out);
    return out.toString();
  }

  static Object cursor() throws Exception {
    return undone(() -> {
      try (Statement statement = db.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
        statement.setFetchSize(50);
        ResultSet lines = statement.executeQuery("SELECT n FROM plain.lines");
        long sum = 0;
        while (lines.next()) sum += lines.getInt(1);
        return sum;
      }
    });
  }

  static Object cancel() throws Exception {
    try (Statement sleeping = db.createStatement()) {
      sleeping.setQueryTimeout(1);
      return List.of(errorOf(() -> sleeping.executeQuery("SELECT pg_sleep(20)")), all("SELECT 'after'"));
    }
  }

  static Object notices() throws SQLException {
    try (Statement statement = db.createStatement()) {
      statement.execute("SELECT plain.warn('java')");
      List<Object> all = new ArrayList<>();
      for (SQLWarning w = statement.getWarnings(); w != null; w = w.getNextWarning()) all.add(w.getSQLState() + " " + w.getMessage());
      return all;
    }
  }

  static Object notifications() throws SQLException {
    db.createStatement().execute("LISTEN chat");
    db.createStatement().execute("NOTIFY chat, 'hello'");
    List<Object> all = new ArrayList<>();
    for (PGNotification n : db.unwrap(PGConnection.class).getNotifications(5000)) all.add(List.of(n.getName(), n.getParameter()));
    return all;
  }

  static Object returning() throws Exception {
    return undone(() -> {
      List<Object> all = new ArrayList<>();
      try (PreparedStatement insert = db.prepareStatement("INSERT INTO plain.people VALUES (?, ?, ?)", Statement.RETURN_GENERATED_KEYS)) {
        bind(insert, 70, "new@plain.test", 30);
        insert.executeUpdate();
        all.add(read(insert.getGeneratedKeys()));
      }
      all.add(all("UPDATE orders SET notes = ? WHERE id = 900011 RETURNING id, buyer_name", "seen"));
      try (Statement updatable = db.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
        ResultSet people = updatable.executeQuery("SELECT id, email, age FROM plain.people ORDER BY id");
        people.absolute(2);
        people.updateInt("age", 77);
        people.updateRow();
      }
      all.add(all("SELECT age FROM plain.people WHERE id = 2"));
      try (CallableStatement call = db.prepareCall("{ ? = call plain.add(?, ?) }")) {
        call.registerOutParameter(1, Types.INTEGER);
        call.setInt(2, 40);
        call.setInt(3, 2);
        call.execute();
        all.add(call.getInt(1));
      }
      return all;
    });
  }

  public static void main(String[] args) throws Exception {
    Map<String, Object> same = new TreeMap<>();
    Map<String, Object> rows = new TreeMap<>();
    Map<String, Object> filters = new TreeMap<>();
    db = connect("");
    same.put("login", all("SELECT current_user, system_user, current_database(), current_setting('application_name')"));
    same.put("simple", List.of(read(db.createStatement().executeQuery("SELECT * FROM plain.people ORDER BY id")), all("SELECT 1 AS a")));
    same.put("parameters", parameters());
    same.put("prepared", repeated(12, "SELECT email FROM plain.people WHERE id = ?", 2));
    same.put("types", read(db.createStatement().executeQuery("SELECT id, small, big, num, flag, t, v, c, bytes, d, tm, ts, tsz, span, uid, j, jb, ints, texts, addr, pt, mood FROM plain.kinds WHERE id IN (1, 3) ORDER BY id")));
    same.put("binary", repeated(7, "SELECT id, big, num, r4, r8, bytes, d, uid, ints FROM plain.kinds WHERE id IN (?, 3)", 1));
    same.put("cursor", cursor());
    same.put("transactions", transactions());
    List<Object> errors = new ArrayList<>();
    for (String query : List.of("SELECT nothing FROM plain.people", "SELEC 1", "SELECT 1/0", "SELECT plain.fail('x')", "INSERT INTO plain.people VALUES (1, 'x')")) {
      errors.add(errorOf(() -> all(query)));
    }
    same.put("errors", errors);
    same.put("batch", batch());
    same.put("copy", copies());
    same.put("notifications", notifications());
    same.put("notices", notices());
    same.put("cancel", cancel());
    same.put("metadata", metadata());
    same.put("returning", returning());
    byte[] large = json(all("SELECT n, repeat(chr(97 + n % 26), 500) FROM generate_series(1, 5000) n")).getBytes(StandardCharsets.UTF_8);
    same.put("large", HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(large)));
    same.put("orders", List.of(
        all("SELECT * FROM orders WHERE id BETWEEN 900011 AND 900014 ORDER BY id"),
        all("SELECT channel, count(*), sum(total) FROM orders GROUP BY 1 ORDER BY 1"),
        repeated(8, BY_CHANNEL, "Edda Ebert", "ebay"),
        repeated(8, "SELECT id FROM orders WHERE channel = ANY(?) AND buyer_email = ?", db.createArrayOf("text", new Object[] {"ebay", "shopify"}), "edda@known.test"),
        repeated(8, "SELECT id FROM orders WHERE shipped_at >= ? AND buyer_name = ?", OffsetDateTime.now().minusDays(7), "Nina Neumann")));

    rows.put("simple", rowsOf(db.createStatement().executeQuery(REDACTED)));
    try (PreparedStatement statement = db.prepareStatement(BY_IDS)) {
      for (int n = 1; n <= 8; n++) {
        bind(statement, 900001L, 900003L);
        rows.put("execution " + n, rowsOf(statement.executeQuery()));
      }
    }
    rows.put("by fetch size", undone(() -> redacted(db, 1)));
    List<Object> copied = new ArrayList<>();
    for (String line : copyOut("COPY (" + REDACTED + ") TO STDOUT").split("\n")) {
      String[] values = line.split("\t", -1);
      copied.add(Arrays.asList(Long.valueOf(values[0]), values[1], values[2], values[3].equals("\\N") ? null : values[3]));
    }
    rows.put("copy", copied);
    for (String options : List.of("preferQueryMode=simple", "prepareThreshold=0", "binaryTransfer=true&prepareThreshold=1", "preferQueryMode=extendedCacheEverything")) {
      try (Connection other = connect(options)) {
        rows.put(options, redacted(other, 0));
        filters.put(options, filtered(other, FILTER, "Alan Archer"));
      }
    }

    filters.put("alone", filtered(db, FILTER, "Alan Archer"));
    filters.put("by a parameter", filtered(db, BY_CHANNEL, "Alan Archer", "amazon"));
    filters.put("in a transaction", undone(() -> filtered(db, FILTER, "Alan Archer")));
    db.close();
    System.out.println(json(Map.of("same", same, "rows", rows, "filters", filters)));
  }

  static String json(Object value) {
    if (value == null || value instanceof Number n && Double.isFinite(n.doubleValue())) return String.valueOf(value);
    StringBuilder out = new StringBuilder();
    if (value instanceof Map<?, ?> map) {
      map.forEach((key, one) -> out.append(out.isEmpty() ? "" : ",").append(json(key)).append(':').append(json(one)));
      return "{" + out + "}";
    }
    if (value instanceof Iterable<?> list) {
      list.forEach(one -> out.append(out.isEmpty() ? "" : ",").append(json(one)));
      return "[" + out + "]";
    }
    for (char c : value.toString().toCharArray()) {
      if (c < ' ' || c > '~' || c == '"' || c == '\\') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return '"' + out.toString() + '"';
  }
}
