# Who owns each base, as SeaTable's other parts work it out: the key assign-xx by the first two hex digits of the base's UUID,
# read with Debian's python3-etcd3. UUIDs on the standard input, one a line; "uuid owner" on the standard output.
import sys

import etcd3

host, port = sys.argv[1].rsplit(":", 1)
client = etcd3.client(host=host, port=int(port))
for line in sys.stdin:
    uuid = line.strip()
    value, _ = client.get("assign-" + uuid[:2].lower())
    print(uuid, value.decode())
