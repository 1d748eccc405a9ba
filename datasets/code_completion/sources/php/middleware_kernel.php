<?php

namespace App\Http;

use Closure;
use InvalidArgumentException;
use Throwable;

/** A request as the handlers see it. */
final class Request
{
    /**
     * @param array<string, string> $headers
     * @param array<string, mixed> $attributes what middleware has found out about the request
     */
    public function __construct(
        public readonly string $method,
        public readonly string $path,
        public readonly array $headers = [],
        public readonly array $attributes = [],
    ) {
    }

    /** A header's value, whatever the case of its name, or null. */
    public function header(string $name): ?string
    {
        return array_change_key_case($this->headers)[strtolower($name)] ?? null;
    }

    /** The same request with one more attribute. */
    public function with(string $name, mixed $value): self
    {
        return new self($this->method, $this->path, $this->headers, [$name => $value] + $this->attributes);
    }
}

final class Response
{
    /** @param array<string, string> $headers */
    public function __construct(
        public readonly int $status,
        public readonly string $body = '',
        public readonly array $headers = [],
    ) {
    }

    public static function json(mixed $data, int $status = 200): self
    {
        return new self($status, json_encode($data), ['Content-Type' => 'application/json']);
    }

    /** The same response with one more header. */
    public function withHeader(string $name, string $value): self
    {
        return new self($this->status, $this->body, [$name => $value] + $this->headers);
    }

    public function toArray(): array
    {
        return [$this->status, $this->headers, $this->body];
    }
}

/** Something that may look at a request before its handler, and at the response after it. */
interface Middleware
{
    /** @param Closure(Request): Response $next */
    public function handle(Request $request, Closure $next): Response;
}

/** Runs the handler of a request inside all middleware. */
final class Kernel
{
    /** @var list<array{Middleware, string}> middleware with the prefix of the paths it is for */
    private array $stack = [];

    /** @var array<string, array<string, Closure>> handlers by path and method */
    private array $handlers = [];

    /** Add a middleware inside of those that have been added before. */
    public function add(Middleware $middleware, string $prefix = '/'): self
    {
        $this->stack[] = [$middleware, $prefix];

        return $this;
    }

    /** @param Closure(Request): Response $handler */
    public function on(string $method, string $path, Closure $handler): self
    {
        if (isset($this->handlers[$path][$method])) {
            throw new InvalidArgumentException("$method $path has a handler already");
        }
        $this->handlers[$path][$method] = $handler;

        return $this;
    }

    /** The response to a request. Errors that nothing has caught become a response as well. */
    public function handle(Request $request): Response
    {
        $next = $this->dispatch(...);
        foreach (array_reverse($this->stack) as [$middleware, $prefix]) {
            if (str_starts_with($request->path, $prefix)) {
                $next = fn (Request $request) => $middleware->handle($request, $next);
            }
        }

        try {
            return $next($request);
        } catch (Throwable $error) {
            return Response::json(['error' => $error->getMessage()], 500);
        }
    }

    /** Call the handler; a HEAD request has the response to a GET request without its body. */
    private function dispatch(Request $request): Response
    {
        $handlers = $this->handlers[$request->path] ?? [];
        if ($handlers === []) {
            return Response::json(['error' => 'not found'], 404);
        }
        if (isset($handlers[$request->method])) {
            return $handlers[$request->method]($request);
        }
        if ($request->method === 'HEAD' && isset($handlers['GET'])) {
            $response = $handlers['GET']($request);

            return new Response($response->status, '', $response->headers);
        }
        $allowed = implode(', ', array_keys($handlers));

        return Response::json(['error' => 'method not allowed'], 405)->withHeader('Allow', $allowed);
    }
}

/** Finds out who is calling by a token in the header Authorization. */
final class Authenticate implements Middleware
{
    /** @param array<string, string> $users user names by token */
    public function __construct(private readonly array $users)
    {
    }

    public function handle(Request $request, Closure $next): Response
    {
        $header = $request->header('Authorization') ?? '';
        if (!str_starts_with($header, 'Bearer ')) {
            return Response::json(['error' => 'a token is needed'], 401)->withHeader('WWW-Authenticate', 'Bearer');
        }
        $user = $this->users[substr($header, strlen('Bearer '))] ?? null;

        return $user === null
            ? Response::json(['error' => 'unknown token'], 403)
            : $next($request->with('user', $user));
    }
}

/** Answers conditional requests for what has not changed. */
final class EntityTags implements Middleware
{
    public function handle(Request $request, Closure $next): Response
    {
        $response = $next($request);
        if ($request->method !== 'GET' || $response->status !== 200) {
            return $response;
        }
        $tag = '"' . substr(sha1($response->body), 0, 8) . '"';
        if ($request->header('If-None-Match') === $tag) {
            $response = new Response(304);
        }

        return $response->withHeader('ETag', $tag);
    }
}
