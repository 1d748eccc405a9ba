# frozen_string_literal: true

require 'json'

module Api
  class Error < StandardError; end

  class NotFound < Error; end

  # The server asks for fewer requests; retry_after is a number of seconds.
  class RateLimited < Error
    attr_reader :retry_after

    def initialize(retry_after)
      super("rate limited for #{retry_after} s")
      @retry_after = retry_after
    end
  end

  Request = Struct.new(:method, :path, :headers, :body, keyword_init: true)
  Response = Struct.new(:status, :headers, :body, keyword_init: true)

  # Remembers the bodies of GET responses together with their entity tags.
  class EtagCache
    Entry = Struct.new(:etag, :body)

    def initialize(capacity)
      @capacity = capacity
      @entries = {}
    end

    # The entry for a path, which becomes the one used last; nil if there is none.
    def fetch(path)
      entry = @entries.delete(path)
      @entries[path] = entry if entry
    end

    # Keep a body; the entry that was not used for longest makes room for it.
    def store(path, etag, body)
      @entries.delete(path)
      @entries.shift if @entries.size >= @capacity
      @entries[path] = Entry.new(etag, body)
    end

    def delete(path)
      @entries.delete(path)
    end

    def paths
      @entries.keys
    end
  end

  # A client for the projects of one server. `transport` answers requests: it has the method
  # call(request), which returns a Response.
  class ProjectClient
    PER_PAGE = 50

    attr_reader :cache

    def initialize(transport, token:, cache_capacity: 10)
      @transport = transport
      @token = token
      @cache = EtagCache.new(cache_capacity)
    end

    # One project by its number or its full path.
    def project(id)
      get("/projects/#{escape(id)}")
    end

    # All projects of a group, page by page, as an enumerator unless a block is given.
    def each_project(group, archived: nil)
      return enum_for(:each_project, group, archived: archived) unless block_given?

      page = 1
      while page
        query = { per_page: PER_PAGE, page: page, archived: archived }.compact
        response = send_request('GET', "/groups/#{escape(group)}/projects?#{encode(query)}")
        JSON.parse(response.body).each { |project| yield project }
        page = next_page(response)
      end
    end

    # Change a project's attributes; returns the project as it is then.
    def update(id, **attributes)
      path = "/projects/#{escape(id)}"
      response = send_request('PUT', path, body: JSON.generate(attributes))
      cache.delete(path)
      JSON.parse(response.body)
    end

    # Returns whether there was such a project.
    def delete(id)
      path = "/projects/#{escape(id)}"
      cache.delete(path)
      send_request('DELETE', path)
      true
    rescue NotFound
      false
    end

    private

    # The parsed body of a GET request, from the cache if the server says it is still the same.
    def get(path)
      entry = cache.fetch(path)
      headers = entry ? { 'If-None-Match' => entry.etag } : {}
      response = send_request('GET', path, headers: headers)
      return JSON.parse(entry.body) if entry && response.status == 304

      etag = header(response, 'ETag')
      cache.store(path, etag, response.body) if etag
      JSON.parse(response.body)
    end

    def send_request(method, path, headers: {}, body: nil)
      all = { 'Private-Token' => @token, **headers }
      all['Content-Type'] = 'application/json' if body
      request = Request.new(method: method, path: path, headers: all, body: body)
      check(@transport.call(request))
    end

    # Raises the error that a response stands for.
    def check(response)
      case response.status
      when 200..299, 304 then response
      when 404 then raise NotFound, 'not found'
      when 429 then raise RateLimited, (header(response, 'Retry-After') || 60).to_i
      else raise Error, "status #{response.status}: #{message_of(response.body)}"
      end
    end

    # The message in an error's body, which may be JSON or not.
    def message_of(body)
      parsed = JSON.parse(body)
      message = parsed['message'] || parsed['error'] || 'unknown'
      message.is_a?(Array) ? message.join(', ') : message
    rescue JSON::ParserError
      body[0, 20]
    end

    def header(response, name)
      response.headers.find { |key, _| key.casecmp?(name) }&.last
    end

    def next_page(response)
      page = header(response, 'X-Next-Page').to_s
      page.to_i unless page.empty?
    end

    def escape(id)
      id.to_s.gsub('/', '%2F')
    end

    def encode(query)
      query.map { |name, value| "#{name}=#{value}" }.join('&')
    end
  end
end
