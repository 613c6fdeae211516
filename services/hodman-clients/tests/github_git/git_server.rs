//! A git server: the real `git http-backend` behind axum, with Basic authentication and, if
//! wanted, TLS with a certificate authority of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use hodman_clients::git::{CredentialSource, Credentials, Mirror, MirrorConfig};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

pub const TOKEN: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

/// One repository, `acme/app.git`, empty at first.
pub struct GitServer {
    _runtime: Runtime,
    directory: TempDir,
    base_url: String,
    ca_pem: Option<Vec<u8>>,
    seen: Seen,
}

/// Every request line, to see what was not sent.
type Seen = Arc<Mutex<Vec<String>>>;

#[derive(Clone)]
struct Shared {
    root: PathBuf,
    seen: Seen,
}

impl GitServer {
    pub fn http() -> Self {
        Self::start(false)
    }

    pub fn https() -> Self {
        Self::start(true)
    }

    fn start(tls: bool) -> Self {
        let directory = TempDir::new().unwrap();
        let root = directory.path().join("served");
        let seen = Seen::default();
        let shared = Shared {
            root: root.clone(),
            seen: Arc::clone(&seen),
        };
        let app = Router::new()
            .fallback(serve)
            .layer(DefaultBodyLimit::disable())
            .with_state(shared);
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (scheme, ca_pem) = if tls {
            let (acceptor, ca_pem) = certificate();
            let listener = TlsListener { listener, acceptor };
            runtime.spawn(async move { axum::serve(listener, app).await });
            ("https", Some(ca_pem))
        } else {
            runtime.spawn(async move { axum::serve(listener, app).await });
            ("http", None)
        };
        let server = Self {
            _runtime: runtime,
            base_url: format!("{scheme}://localhost:{}", address.port()),
            directory,
            ca_pem,
            seen,
        };
        std::fs::create_dir_all(&root).unwrap();
        git(
            &root,
            &["init", "-q", "--bare", "-b", "main", "acme/app.git"],
        );
        server
    }

    /// The served repository's directory.
    pub fn repository(&self) -> PathBuf {
        self.directory.path().join("served/acme/app.git")
    }

    /// Runs git in the served repository.
    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.repository(), arguments)
    }

    /// Installs a hook of the served repository.
    pub fn hook(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.repository().join("hooks").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url)
    }

    pub fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub fn mirror_path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn config(&self, name: &str, token: &str) -> MirrorConfig {
        let token = token.to_owned();
        let credentials: CredentialSource = Arc::new(move || {
            Ok(Some(Credentials {
                user: "x-access-token".into(),
                password: token.clone().into(),
            }))
        });
        let mut config = MirrorConfig::new(
            self.mirror_path(name),
            self.url("acme/app.git"),
            credentials,
        );
        config.extra_ca_pem = self.ca_pem.clone();
        config
    }

    pub fn mirror(&self, name: &str) -> Mirror {
        Mirror::open(self.config(name, TOKEN)).unwrap()
    }
}

/// Runs git and returns what it says.
pub fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn serve(State(shared): State<Shared>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    shared
        .seen
        .lock()
        .unwrap()
        .push(format!("{} {}", parts.method, parts.uri));
    let path = parts.uri.path();
    let query = parts.uri.query().unwrap_or_default();
    if path.starts_with("/login.git/") {
        return (
            [(header::CONTENT_TYPE, "text/html")],
            "<h1>Please log in</h1>",
        )
            .into_response();
    }
    if path.starts_with("/broken.git/") {
        return (StatusCode::BAD_GATEWAY, "upstream\0 is down").into_response();
    }
    // A renamed repository redirects its first request, as GitHub does.
    if let Some(rest) = path.strip_prefix("/acme/old-name.git/") {
        return Redirect::permanent(&format!("/acme/app.git/{rest}?{query}")).into_response();
    }
    let expected = base64::prelude::BASE64_STANDARD.encode(format!("x-access-token:{TOKEN}"));
    let given = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if given != Some(&format!("Basic {expected}")) {
        return (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Basic")],
        )
            .into_response();
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    let mut backend = tokio::process::Command::new("git")
        .arg("http-backend")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_PROJECT_ROOT", &shared.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REMOTE_USER", "tester")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env(
            "CONTENT_TYPE",
            content_type.map_or("", |value| value.to_str().unwrap()),
        )
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = backend.stdin.take().unwrap();
    // The backend may answer before it has read everything.
    let feed = tokio::spawn(async move {
        let _ = stdin.write_all(&body).await;
    });
    let output = backend.wait_with_output().await.unwrap();
    feed.await.unwrap();
    cgi_response(&output.stdout)
}

fn cgi_response(output: &[u8]) -> Response {
    let split = output
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let head = std::str::from_utf8(&output[..split]).unwrap();
    let mut headers: BTreeMap<&str, &str> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .collect();
    let status = headers
        .remove("Status")
        .map_or(200, |status| status[..3].parse().unwrap());
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response
        .body(Body::from(output[split + 4..].to_vec()))
        .unwrap()
}

/// A certificate for `localhost` by an authority that nobody else knows.
fn certificate() -> (TlsAcceptor, Vec<u8>) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(rcgen::DnType::CommonName, "private authority of a test");
    let ca = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let mut server = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
    // Verifiers of some platforms refuse a server's certificate without this purpose.
    server
        .extended_key_usages
        .push(rcgen::ExtendedKeyUsagePurpose::ServerAuth);
    let server = server.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), ca.pem().into_bytes())
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else {
                continue;
            };
            // A client that does not trust us hangs up here; the next one may.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
