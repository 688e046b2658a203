namespace BucketProxy.Testing;

/// <summary>Configurations of the kind that SeaTable's manual shows: a split by the first hex digit, and one base by hand.</summary>
public static class Manuals
{
    /// <summary>An nginx.conf.</summary>
    public const string Nginx = """
        worker_processes auto;
        events { worker_connections 4096; }
        http {
          access_log off;
          upstream dtable_server_a_z { server dtable-server:5000; keepalive 15; }   # server 1
          upstream dtable_server_0_9 { server dtable-server-2:5000; keepalive 15; } # server 2
          map $request_uri $dtable_upstream {
            default dtable_server_a_z;
            "~*ff84e1a1-66e2" dtable_server_0_9;
            "~*([a-zA-Z])([0-9a-f]{7}-[0-9a-f]{4})" dtable_server_a_z;
            "~*([0-9])([0-9a-f]{7}-[0-9a-f]{4})" dtable_server_0_9;
          }
          server {
            server_name _;
            listen 5000;
            location / {
              proxy_pass http://$dtable_upstream;
              proxy_set_header Upgrade $http_upgrade;
              client_max_body_size 100m;
              proxy_read_timeout 600;
              gzip on;
            }
          }
        }
        """;

    /// <summary>A Caddyfile.</summary>
    public const string Caddy = """
        {
            metrics
        }

        :5000 {
            # In this order, not in Caddy's own.
            route {
                metrics /metrics
                @static {
                    path /ping/ /api/v1/admin/sys-info/
                }
                reverse_proxy @static dtable-server:5000
                request_body {
                    max_size 100MB
                }
                @forced `{http.request.orig_uri}.matches('(?i)ff84e1a1-66e2')`
                @digits `{http.request.orig_uri}.matches('[0-9][0-9a-f]{7}-[0-9a-f]{4}')`
                @letters `{http.request.orig_uri}.matches('[a-zA-Z][0-9a-f]{7}-[0-9a-f]{4}')`
                reverse_proxy @forced dtable-server-2:5000
                reverse_proxy @letters dtable-server:5000
                reverse_proxy @digits dtable-server-2:5000
                respond 404
            }
        }
        """;
}
